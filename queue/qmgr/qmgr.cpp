#include "queue/qmgr/qmgr.h"

#include <unistd.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/master_cf.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/mail/queue_id.h"

namespace postern::qmgr {

namespace {

constexpr const char* kDirectory = "queue";
constexpr const char* kFile = "queue/queue.db";
constexpr const char* kSpool = "spool";
// Results must be recorded also when no mail can be taken for want of room.
constexpr std::int64_t kReserve = 1 << 20;
// For the agents to end what they have in hand when all stops.
constexpr seconds kLastAnswers{5};
// For results that are on their way when master is gone.
constexpr milliseconds kLastWords{300};
constexpr int kMostAtOnce = 1000;  // deliveries of one transport when no limit is set

// What prepare() has not checked, of one transport alone, is said, and counts as 1.
Feedback feedback(const config::Param<std::string>& param) {
  auto parsed = Feedback::parse(*param);
  if (parsed) return *parsed;
  log_warning(concat(param.name(), ": ", parsed.error().text));
  return {};
}

Result<void> check_feedback(const config::QmgrParams& params) {
  for (const auto* param : {&params.destination_concurrency_positive_feedback,
                            &params.destination_concurrency_negative_feedback}) {
    auto parsed = Feedback::parse(**param);
    if (!parsed) return fail(Errc::invalid, concat(param->name(), ": ", parsed.error().text));
  }
  return {};
}

}  // namespace

Result<void> Qmgr::prepare(daemon::Context& context) {
  context_ = &context;
  config::CleanupParams ids;
  auto loaded = params_.load(context.settings());
  if (loaded) loaded = master_.load(context.settings());
  if (loaded) loaded = ids.load(context.settings());
  if (loaded) loaded = process_.load(context.settings());
  if (loaded) loaded = common_.load(context.settings());
  if (loaded) loaded = check_feedback(params_);
  if (loaded) loaded = read_master();
  if (!loaded) return loaded;
  long_ids_ = *ids.enable_long_queue_ids;
  const auto double_bounce_sender = context.settings().value("double_bounce_sender");
  if (!double_bounce_sender) return fail(double_bounce_sender.error());
  double_bounce_sender_ = *double_bounce_sender;
  auto resolver = table::Resolver::open_routes(context.settings());
  if (!resolver) return fail(resolver.error());
  resolver_ = std::move(*resolver);
  context.rights().write.insert(context.rights().write.end(), {kDirectory, kSpool});
  return {};
}

std::string Qmgr::id_text(std::int64_t id) const {
  const mail::QueueId queue_id(id);
  return long_ids_ ? queue_id.long_text() : queue_id.short_text();
}

// How many processes of an agent there may be: as many deliveries at a time. A server on the network may have the same name.
Result<void> Qmgr::read_master() {
  auto directory = context_->settings().value("config_directory");
  if (!directory) return fail(directory.error());
  const auto services = config::MasterCf::read(concat(*directory, "/master.cf"));
  if (!services) return {};  // a service that was started without one
  for (const config::Service& service : services->in_force()) {
    if (service.type == config::SocketType::unix) agents_[service.name] = service;
  }
  return {};
}

// A client of the network delivers much at a time in each process, and a delivery that waits for a slow server costs it next to
// nothing: a limit of processes that is set limits what goes briskly, and without one all do that its process may.
void Qmgr::limit_deliveries(const std::string& transport, TransportLimits& limits) const {
  const auto own = agents_.find(transport);
  const auto processes = own == agents_.end() ? std::nullopt : own->second.process_limit;
  limits.at_once = processes.value_or(*master_.default_process_limit);
  if (limits.at_once <= 0) limits.at_once = kMostAtOnce;
  const bool is_client =
      own != agents_.end() && (own->second.command == "smtp" || own->second.command == "lmtp");
  const int sessions = std::min(*process_.process_session_limit, kMostAtOnce);
  if (!is_client || sessions == 1 || limits.transport_delay.count() > 0) return;
  if (!processes) limits.at_once = std::max(limits.at_once, sessions);
  limits.slow_at_once = sessions;
}

TransportLimits Qmgr::limits_of(const std::string& transport) const {
  config::TransportParams params(transport);
  auto loaded = params.load(context_->settings());
  if (!loaded) log_warning(loaded.error().text);
  TransportLimits limits;
  limits.recipients = *params.recipient_limit;
  limits.mailboxes = transport == "local" || transport == "virtual";
  const auto& asked = *params_.defer_transports;
  limits.deferred = std::find(asked.begin(), asked.end(), transport) != asked.end();
  limits.destination_delay = seconds(*params.destination_rate_delay);
  limits.transport_delay = seconds(*params.transport_rate_delay);
  limit_deliveries(transport, limits);
  limits.window.initial = *params.initial_concurrency;
  limits.window.limit = limits.destination_delay.count() > 0 ? 1 : *params.concurrency_limit;
  limits.window.failed_cohorts = *params.failed_cohort_limit;
  limits.window.positive = feedback(params.positive_feedback);
  limits.window.negative = feedback(params.negative_feedback);
  return limits;
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
    next.goes_nowhere =
        route->address_class == table::AddressClass::local &&
        iequals(std::string_view(next.recipient).substr(0, next.recipient.rfind('@')), double_bounce_sender_);
    co_return next;
  };
  world.limits = [this](const std::string& transport) { return limits_of(transport); };
  world.closed = [this] { context_->relieve(); };
  world.id_text = [this](std::int64_t id) { return id_text(id); };
  world.queued = [gauge = context_->gauge("messages")](std::int64_t by) mutable { gauge.add(by); };
  return world;
}

Limits Qmgr::limits() const {
  Limits limits{};
  limits.lifetime = *params_.maximal_queue_lifetime;
  limits.bounce_lifetime = *params_.bounce_queue_lifetime;
  limits.least_backoff = *params_.minimal_backoff_time;
  limits.most_backoff = *params_.maximal_backoff_time;
  limits.active_messages = static_cast<std::size_t>(*params_.message_active_limit);
  limits.recipients = static_cast<std::size_t>(*params_.message_recipient_limit);
  limits.delay_warning = *params_.delay_warning_time;
  limits.transport_retry = *params_.transport_retry_time;
  limits.look = *params_.queue_run_delay;
  limits.soft_bounce = *common_.soft_bounce;
  limits.filter_nexthop = *params_.filter_nexthop;
  limits.successor = concat("public/", context_->service_name());
  limits.answer = *process_.ipc_timeout;
  limits.delivery =
      *process_.daemon_timeout;  // a mailbox or a command may be slow: asking again delivers twice
  return limits;
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
  Surroundings world = surroundings();
  world.queued(*count);
  scheduler_.emplace(context_->loop(), *store_, *spools_, std::move(world), limits());
  desk_.emplace(*store_, *spools_, *scheduler_);
  return {};
}

void Qmgr::leave(daemon::Leave why) {
  scheduler_->rest();
  hands_over_ = why == daemon::Leave::reload || why == daemon::Leave::idle;
  if (why == daemon::Leave::orphaned && !last_) {
    last_.emplace(context_->loop());
    last_->spawn(end_orphaned());
  }
  if (!hands_over_) return;
  // Nobody else can open the database before we have closed it: until then no mail is taken.
  spools_->hand_over();
  farewell_.say();
}

// Without a master there is nobody to deliver to, and the next master's qmgr waits for our database. What is not
// committed was not acknowledged. Results that come in these moments are recorded: they would be repeated.
net::Task<void> Qmgr::end_orphaned() {
  const bool all = co_await scheduler_->drained(context_->loop().in(kLastWords));
  if (all) {
    co_await store_->quiet();
  }
  store_->close();
  log::flush();
  ::_exit(0);
}

// What agents have in hand must not be delivered a second time by our successor.
net::Task<void> Qmgr::finish() {
  if (hands_over_) {
    co_await scheduler_->hand_over();
    co_return;
  }
  const bool all = co_await scheduler_->drained(context_->loop().in(kLastAnswers));
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
