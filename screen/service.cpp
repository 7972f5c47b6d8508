#include "screen/service.h"

#include <sys/resource.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/wait.h"
#include "screen/visit.h"

namespace postern::screen {

namespace {

// How long a process that was told to leave waits for what servers still find out.
constexpr Duration kLastReports = seconds(100);

net::Task<void> receive(std::unique_ptr<Visit> visit) { co_await visit->run(); }

// Descriptors for as many clients as may be in hand, if the limits of the system let us have them; with the rights of root
// that is what we say.
void raise_descriptors(const config::ScreenParams& params) {
  constexpr rlim_t kOthers = 1000;  // those who are told that there is no room, DNS, the log
  const auto clients = static_cast<rlim_t>(*params.pre_queue_limit) +
                       static_cast<rlim_t>(*params.tarpit_limit) +
                       2 * static_cast<rlim_t>(*params.post_queue_limit);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlimit wanted{std::max(limit.rlim_max, clients + kOthers),
                      std::max(limit.rlim_max, clients + kOthers)};
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace

Result<void> Screen::prepare(daemon::Context& context) {
  context_ = &context;
  net::Loop& loop = context.loop();
  settings_ = context.settings();
  stress_ = settings_->raw("stress").value_or("");
  auto setup = Setup::load(*settings_);
  if (!setup) return fail(setup.error());
  setup_ = std::move(*setup);
  setup_->tls.prepare(context);
  const config::ScreenParams& params = setup_->params;
  raise_descriptors(params);
  auto lists = DnsLists::open(loop, context.settings(), params);
  if (!lists) return fail(lists.error());
  lists_ = std::move(*lists);
  if (!lists_->empty()) context.rights().connect_inet = true;
  counters_.emplace(context);
  counted_.resize(lists_->lists());
  const auto tally = [this] { return counters_->take(); };
  auto cache = Cache::open(loop, params, setup_->dialogue->common, tally);
  if (!cache) return fail(cache.error());
  cache_ = std::move(*cache);
  clients_.emplace(Prefixes{*params.client_prefix_v4, *params.client_prefix_v6});
  load_.emplace(*params.pre_queue_limit, *params.post_queue_limit);
  handover_.emplace(loop, *params.server);
  shared_.emplace(Shared{loop, *setup_, *cache_, *lists_, *handover_, *counters_, *clients_, *load_});
  shared_->stress_changed = [this](bool on) { follow_stress(on); };
  visits_.emplace(loop);
  return {};
}

void Screen::started() {
  cache_->start();
  if (!lists_->empty()) context_->loop().before_sleep([this] { count_lists(); });
}

net::Task<void> Screen::serve(net::Accepted) { co_return; }

daemon::Pace Screen::take(net::Accepted connection, int fd, daemon::InHand in_hand) {
  const auto& end = listener(fd).end;
  const End server = end ? *end : End::of(net::local_endpoint(connection.fd.get()));
  const auto before = load_->judged();
  visits_->spawn(
      receive(std::make_unique<Visit>(*shared_, std::move(connection), server, std::move(in_hand))));
  return load_->judged() > before ? daemon::Pace::patient : daemon::Pace::prompt;
}

const Screen::Listener& Screen::listener(int fd) {
  for (const Listener& known : listeners_) {
    if (known.fd == fd) return known;
  }
  const End end = End::of(net::local_endpoint(fd));
  Listener listener{fd, std::nullopt};
  if (end.is_inet && !end.address.is_any()) listener.end = end;
  listeners_.push_back(listener);
  return listeners_.back();
}

// Ours, which the number of clients makes, or master's.
void Screen::follow_stress(bool own) {
  settings_->override("stress", own ? "yes" : stress_);
  const auto followed = setup_->follow(*settings_, "stress");
  if (!followed) log_warning(followed.error().text);
}

void Screen::stress_changed(const config::Settings& settings) {
  stress_ = settings.raw("stress").value_or("");
  follow_stress(load_->stress());
}

// What lists say comes at any time; it is shown in time.
void Screen::count_lists() {
  for (std::size_t list = 0; list < counted_.size(); ++list) {
    const DnsLists::Tally& now = lists_->tally(list);
    DnsLists::Tally& counted = counted_[list];
    if (now.asked != counted.asked)
      counters_->add(screening::Count::dns_questions, now.asked - counted.asked);
    if (now.late != counted.late) counters_->add(screening::Count::dns_timeouts, now.late - counted.late);
    for (; counted.listed < now.listed; ++counted.listed) counters_->listed(lists_->domain(list));
    counted = now;
  }
}

// After a reload those who are being judged go on to their end here, while others come to our successor.
void Screen::leave(daemon::Leave why) {
  context_->loop().post([this] { context_->relieve(); });  // when all know that we leave
  if (why != daemon::Leave::stop && why != daemon::Leave::orphaned) return;
  shared_->stopping = true;
  visits_->cancel();
}

net::Task<void> Screen::finish() {
  visits_->cancel();
  const Deadline deadline = context_->loop().in(kLastReports);
  while (!shared_->stopping && handover_->watched() > 0 && context_->loop().now() < deadline) {
    co_await net::sleep_until(context_->loop(), context_->loop().in(seconds(1)));
  }
  co_await cache_->finish();
}

}  // namespace postern::screen
