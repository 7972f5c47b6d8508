#include "screen/counters.h"

#include <sys/resource.h>

#include <utility>

#include "lib/base/text.h"

namespace postern::screen {

using screening::Count;
using screening::Tally;

namespace {

std::int64_t cpu_micros() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto micros = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
  };
  return micros(used.ru_utime) + micros(used.ru_stime);
}

}  // namespace

Counters::Counters(daemon::Context& context) : context_(context), tls_(context.page()) {
  for (std::size_t i = 0; i < screening::kCounts; ++i) {
    const auto count = static_cast<Count>(i);
    // The skeleton has a number of that name.
    if (count != Count::connections) shown_[i] = context.counter(name_of(count).name);
  }
  for (daemon::Label& label : worst_) label = context.label();
}

void Counters::listed(std::string_view list) {
  auto found = lists_.find(list);
  if (found == lists_.end()) {
    if (lists_.size() >= Tally::kLists) return;
    const auto shown = context_.counter(concat(screening::kListPrefix, list));
    found = lists_.emplace(list, shown).first;
  }
  found->second.add();
  tally_.listed(list);
}

void Counters::show_worst() {
  for (const auto& [network, visits] : tally_.networks()) networks_.visited(network, visits);
  const auto worst = screening::worst_of(networks_, worst_.size());
  for (std::size_t i = 0; i < worst_.size(); ++i) {
    if (i >= worst.size()) {
      worst_[i].set("", 0);
    } else {
      worst_[i].set(concat(screening::kNetworkPrefix, worst[i].first),
                    static_cast<std::uint64_t>(worst[i].second.offences));
    }
  }
}

// A process with nothing to do tells nothing.
Tally Counters::take() {
  if (!tally_.empty()) {
    const std::int64_t now = cpu_micros();
    add(Count::cpu_microseconds, static_cast<std::uint64_t>(now - cpu_));
    cpu_ = now;
    show_worst();
  }
  return std::exchange(tally_, {});
}

}  // namespace postern::screen
