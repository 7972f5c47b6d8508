#include "queue/qmgr/qmgr.h"

#include <unistd.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/mail/queue_id.h"

namespace postern::qmgr {

namespace {

constexpr const char* kDirectory = "queue";
constexpr const char* kFile = "queue/queue.db";
constexpr const char* kSpool = "spool";
// Results must be recorded also when no mail can be taken for want of room.
constexpr std::int64_t kReserve = 1 << 20;
// For the agents to end what they have in hand.
constexpr seconds kHandOver{5};
constexpr int kMostAtOnce = 1000;  // deliveries of one transport when no limit is set

}  // namespace

Result<void> Qmgr::prepare(daemon::Context& context) {
  context_ = &context;
  config::CleanupParams ids;
  auto loaded = params_.load(context.settings());
  if (loaded) loaded = master_.load(context.settings());
  if (loaded) loaded = ids.load(context.settings());
  if (loaded) loaded = process_.load(context.settings());
  if (!loaded) return loaded;
  long_ids_ = *ids.enable_long_queue_ids;
  auto resolver = table::Resolver::open(context.settings());
  if (!resolver) return fail(resolver.error());
  resolver_ = std::move(*resolver);
  context.rights().write.insert(context.rights().write.end(), {kDirectory, kSpool});
  return {};
}

std::string Qmgr::id_text(std::int64_t id) const {
  const mail::QueueId queue_id(id);
  return long_ids_ ? queue_id.long_text() : queue_id.short_text();
}

Surroundings Qmgr::surroundings() {
  Surroundings world;
  world.resolve = [this](std::string address, std::string sender) -> net::Task<Result<NextStep>> {
    auto route = co_await resolver_->route(address, sender);
    if (!route) co_return fail(route.error());
    NextStep next;
    next.transport = std::move(route->transport);
    next.nexthop = std::move(route->nexthop);
    next.recipient = std::move(route->recipient);
    co_return next;
  };
  world.limits = [this](const std::string& transport) {
    config::TransportParams params(transport);
    auto loaded = params.load(context_->settings());
    if (!loaded) log_warning(loaded.error().text);
    TransportLimits limits;
    // Where Postfix would run so many processes of an agent.
    limits.at_once = *master_.default_process_limit > 0 ? *master_.default_process_limit : kMostAtOnce;
    limits.concurrency = *params.concurrency_limit;
    limits.recipients = *params.recipient_limit;
    limits.mailboxes = transport == "local" || transport == "virtual";
    return limits;
  };
  world.id_text = [this](std::int64_t id) { return id_text(id); };
  world.queued = [gauge = context_->gauge("messages")](std::int64_t by) mutable { gauge.add(by); };
  return world;
}

// The database is opened here, not before the jail: its files belong to the user that we have become.
Result<void> Qmgr::enter() {
  auto database = Database::open(kFile);
  if (!database) return fail(database.error());
  auto count = (*database)->count();
  if (!count) return fail(count.error());
  auto spooled = (*database)->spooled();
  if (!spooled) return fail(spooled.error());
  const std::int64_t reserve = std::max(*params_.queue_minfree, kReserve);
  spools_.emplace(context_->loop(), kSpool, reserve, trouble_);
  auto cleaned = spools_->clean(*spooled);
  if (!cleaned) return cleaned;
  store_.emplace(context_->loop(), std::move(*database), reserve, trouble_);
  Limits limits{};
  limits.lifetime = *params_.maximal_queue_lifetime;
  limits.bounce_lifetime = *params_.bounce_queue_lifetime;
  limits.least_backoff = *params_.minimal_backoff_time;
  limits.most_backoff = *params_.maximal_backoff_time;
  limits.active_messages = static_cast<std::size_t>(*params_.message_active_limit);
  limits.answer = *process_.ipc_timeout;
  limits.delivery =
      *process_.daemon_timeout;  // a mailbox or a command may be slow: asking again delivers twice
  Surroundings world = surroundings();
  world.queued(*count);
  scheduler_.emplace(context_->loop(), *store_, *spools_, std::move(world), limits);
  desk_.emplace(*store_, *spools_, *scheduler_);
  return {};
}

// Without a master there is nobody to deliver to, and the next master's qmgr waits for our database. What is not
// committed was not acknowledged; the rest is on disk or in the operating system's hands.
void Qmgr::leave(daemon::Leave why) {
  if (why == daemon::Leave::orphaned) {
    log::flush();
    ::_exit(0);
  }
  scheduler_->rest();
  if (why != daemon::Leave::reload) return;
  // Nobody else can open the database before we have closed it: until then no mail is taken.
  spools_->hand_over();
  farewell_.say();
}

// What agents have in hand must not be delivered a second time by our successor.
net::Task<void> Qmgr::finish() {
  const bool all = co_await scheduler_->drained(context_->loop().in(kHandOver));
  if (!all) log_warning("left deliveries without a result: they will be tried again");
}

net::Task<void> Qmgr::serve(net::Accepted connection) {
  const int user = net::peer_user(connection.fd.get());
  if (user != 0 && user != static_cast<int>(::geteuid())) {
    log_warning(concat("request refused: user ", user, " may not write to the queue"));
    co_return;
  }
  Intake intake(context_->loop(), *store_, *spools_, *scheduler_,
                [this](std::int64_t id) { return id_text(id); });
  co_await intake.serve(std::move(connection.fd), *desk_, farewell_);
}

}  // namespace postern::qmgr
