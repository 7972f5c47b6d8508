#include "smtpd/service.h"

#include "lib/base/log.h"

namespace postern::smtpd {

Result<void> Smtpd::prepare(daemon::Context& context) {
  auto setup = Setup::load(context.settings());
  if (!setup) return fail(setup.error());
  setup_ = std::move(*setup);
  setup_->tls.prepare(context);
  auto resolver = table::Resolver::open(context.settings());
  if (!resolver) return fail(resolver.error());
  resolver_ = std::move(*resolver);
  auto policy = Policy::open(*setup_, context.settings(), *resolver_);
  if (!policy) return fail(policy.error());
  policy_ = std::move(*policy);
  names_ = HostNames::read("/etc/hosts");
  ids_.emplace(context.slot());
  cleanup_.emplace(context.loop(), context.queue_path("public/cleanup"));
  qmgr_.emplace(context.loop(), context.queue_path("public/qmgr"));
  shared_.reset(new Shared{context.loop(), *setup_, *resolver_, *policy_, names_, *cleanup_, *qmgr_, *ids_});
  shared_->is_passed = context.arguments().type == "pass";
  shared_->accepted = context.counter("accepted");
  shared_->rejected = context.counter("rejected");
  shared_->bytes = context.counter("bytes");
  shared_->timed_out = context.counter("timed_out");
  shared_->shed = context.counter("shed");
  shared_->load_step = context.gauge("load_step");
  alone_ = context.arguments().limit == daemon::Arguments::Limit::one;
  count_load(context.settings());
  if (setup_->tls.is_wanted()) shared_->tls = daemon::TlsCounters(context.page());
  return {};
}

net::Task<void> Smtpd::serve(net::Accepted connection) {
  Session session(*shared_, std::move(connection));
  co_await session.run();
}

net::Task<void> Smtpd::resume(net::Accepted connection, std::unique_ptr<ipc::HandedOver> state, Fd channel) {
  Session session(*shared_, std::move(connection));
  co_await session.resume(std::move(state), std::move(channel));
}

// A small process may be full while others of the service have room, or one starts: it matters when master says that there
// are no more. One for hundreds of sessions is a host's worth.
void Smtpd::count_load(const config::Settings& settings) {
  constexpr std::size_t kLarge = 1000;
  const bool stressed = !settings.value("stress").value_or("").empty();
  const std::size_t capacity = shared_->load.capacity();
  shared_->load.count(capacity >= kLarge || (capacity > 1 && (alone_ || stressed)));
}

// Sessions in hand too: it is their time that others wait for.
void Smtpd::stress_changed(const config::Settings& settings) {
  const auto followed = setup_->follow(settings, "stress");
  if (!followed) log_warning(followed.error().text);
  count_load(settings);
  shared_->follow_load(0);
  shared_->sessions.each([](Conversation& session) {
    session.hurry();
    return false;
  });
}

// After a reload sessions go on under the configuration with which they began, to their own end.
void Smtpd::leave(daemon::Leave why) {
  if (why != daemon::Leave::stop && why != daemon::Leave::orphaned) return;
  shared_->stopping = true;
  shared_->sessions.each([](Conversation& session) {
    session.stop();
    return false;
  });
}

}  // namespace postern::smtpd
