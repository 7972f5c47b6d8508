#include "queue/cleanup/cleanup.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/origin.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/mail/queue_id.h"

namespace postern::cleanup {

namespace {

ipc::Outcome outcome(int code, std::string dsn, std::string text) {
  ipc::Outcome result;
  result.code = code;
  result.dsn = std::move(dsn);
  result.text = std::move(text);
  return result;
}

// permit_inet_interfaces and permit_mynetworks name addresses; other words of the list need what is not there
// yet.
config::List ours(const config::List& words, const config::Settings& settings) {
  config::List networks;
  for (const std::string& word : words) {
    if (word == "permit_mynetworks") {
      const std::string value = settings.value("mynetworks").value_or("");
      for (const auto network : split_words(value)) networks.emplace_back(network);
    } else if (word == "permit_inet_interfaces") {
      for (const auto& own : config::HostFacts::of_this_host().addresses) networks.push_back(own.address);
    }
  }
  return networks;
}

}  // namespace

Result<void> Cleanup::prepare(daemon::Context& context) {
  context_ = &context;
  const config::Settings& settings = context.settings();
  config::CleanupParams params;
  config::CommonParams common;
  config::LimitParams limits;
  for (config::ParamGroup* group : std::initializer_list<config::ParamGroup*>{&params, &common, &limits}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  house_.hostname = *common.myhostname;
  house_.mail_name = *common.mail_name;
  const auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  house_.origin = *origin;
  house_.drop = *params.message_drop_headers;
  house_.undisclosed_recipients = *params.undisclosed_recipients_header;
  house_.hopcount_limit = static_cast<std::size_t>(*limits.hopcount_limit);
  house_.header_limits.field = static_cast<std::size_t>(*limits.header_size_limit);
  everything_is_ours_ = *params.always_add_missing_headers;
  long_ids_ = *params.enable_long_queue_ids;
  auto list = table::MatchList::parse("local_header_rewrite_clients",
                                      ours(*params.local_header_rewrite_clients, settings),
                                      table::MatchList::Kind::addresses);
  if (!list) return fail(list.error());
  ours_ = std::move(*list);
  qmgr_.emplace(context.loop(), context.queue_path("public/qmgr"));
  handlers_.on<ipc::SubmitCall>([this](ipc::Submit submitted) { return submit(std::move(submitted)); });
  return {};
}

net::Task<void> Cleanup::serve(net::Accepted connection) {
  const int user = net::peer_user(connection.fd.get());
  if (user != 0 && user != static_cast<int>(::geteuid())) {
    log_warning(concat("request refused: user ", user, " may not write to the queue"));
    co_return;
  }
  co_await ipc::serve(context_->loop(), std::move(connection.fd), handlers_, &farewell_);
}

// Sessions that go on find our successor: they may last for hours.
void Cleanup::leave(daemon::Leave why) {
  if (why == daemon::Leave::reload) farewell_.say();
}

std::string Cleanup::id_text(std::int64_t id) const {
  const mail::QueueId queue_id(id);
  return long_ids_ ? queue_id.long_text() : queue_id.short_text();
}

net::Task<Origin> Cleanup::origin_of(const ipc::Submit& submitted) const {
  if (everything_is_ours_ || submitted.client.address.empty()) co_return Origin::ours;
  auto matched = co_await ours_.matches(submitted.client.address);
  if (matched && *matched) co_return Origin::ours;
  co_return Origin::foreign;
}

net::Task<ipc::Outcome> Cleanup::submit(ipc::Submit submitted) {
  const std::string id = id_text(submitted.queue_id);
  const Origin origin = co_await origin_of(submitted);
  auto canonical = make_canonical(submitted, house_, origin, id, wall_micros());
  if (!canonical) {
    log_warning(concat(id, ": reject: ", canonical.error().text, "; from=<", submitted.sender, ">"));
    co_return outcome(554, "5.4.0", "Error: too many hops");
  }
  log_info(concat(id, ": message-id=", canonical->message_id));
  ipc::Enqueue question;
  question.queue_id = submitted.queue_id;
  question.sender = with_domain(submitted.sender, house_);
  question.recipients = without_duplicates(std::move(submitted.recipients));
  question.arrived = submitted.arrived;
  question.size = submitted.size + static_cast<std::int64_t>(canonical->content.size()) -
                  static_cast<std::int64_t>(submitted.content.size());
  question.body_type = std::move(submitted.body_type);
  question.smtputf8 = submitted.smtputf8;
  question.envid = std::move(submitted.envid);
  question.ret = std::move(submitted.ret);
  question.spooled = submitted.spooled;
  question.client = std::move(submitted.client);
  question.source = submitted.source;
  question.purpose = submitted.purpose;
  question.hold = submitted.hold;
  question.filter = std::move(submitted.filter);
  question.settles = submitted.settles;
  question.settled = std::move(submitted.settled);
  question.message_id = canonical->message_id;
  question.content = std::move(canonical->content);
  auto answer = co_await qmgr_->ask<ipc::EnqueueCall>(question, context_->ipc_deadline());
  if (answer) co_return std::move(*answer);
  log_warning(concat(id, ": ", answer.error().text));
  co_return outcome(451, "4.3.0", "Error: queue file write error");
}

}  // namespace postern::cleanup
