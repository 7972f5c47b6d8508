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
  shared_.emplace(Shared{context.loop(), *setup_, *resolver_, *policy_, names_, *cleanup_, *qmgr_, *ids_});
  shared_->is_passed = context.arguments().type == "pass";
  shared_->accepted = context.counter("accepted");
  shared_->rejected = context.counter("rejected");
  shared_->bytes = context.counter("bytes");
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

// Sessions in hand too: it is their time that others wait for.
void Smtpd::stress_changed(const config::Settings& settings) {
  const auto followed = setup_->follow(settings, "stress");
  if (!followed) log_warning(followed.error().text);
  for (Session* session = shared_->sessions; session != nullptr; session = session->next()) session->hurry();
}

// After a reload sessions go on under the configuration with which they began, to their own end.
void Smtpd::leave(daemon::Leave why) {
  if (why != daemon::Leave::stop && why != daemon::Leave::orphaned) return;
  shared_->stopping = true;
  for (Session* session = shared_->sessions; session != nullptr; session = session->next()) session->stop();
}

}  // namespace postern::smtpd
