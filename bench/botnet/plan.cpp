#include "bench/botnet/plan.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::botnet {

namespace {

constexpr unsigned kPools = 4;  // of a provider

// `count` callers, the kinds of bots or of senders by their shares; what rounding leaves are of the first kind.
void add(std::vector<Kind>& kinds, std::size_t count, bool legitimate) {
  std::size_t left = count;
  Kind first = Kind::eager;
  for (const Trait& one : kTraits) {
    if (is_legitimate(one.kind) != legitimate) continue;
    if (left == count) first = one.kind;
    const std::size_t some = count * one.share / 1000;
    kinds.insert(kinds.end(), some, one.kind);
    left -= some;
  }
  kinds.insert(kinds.end(), left, first);
}

std::string address(unsigned second, unsigned third, unsigned fourth) {
  return concat("127.", second, ".", third, ".", fourth);
}

}  // namespace

unsigned between(Random& random, unsigned least, unsigned most) {
  return std::uniform_int_distribution<unsigned>(least, most)(random);
}

std::vector<Caller> make_plan(const Options& options) {
  std::mt19937_64 random(static_cast<std::uint64_t>(options["seed"]));
  std::vector<Kind> kinds;
  const auto bots = static_cast<std::size_t>(options["bots"]);
  add(kinds, bots, false);
  add(kinds, bots * static_cast<std::size_t>(options["percent"]) / 100, true);
  std::shuffle(kinds.begin(), kinds.end(), random);
  std::vector<Caller> plan;
  plan.reserve(kinds.size());
  std::array<unsigned, kKinds> numbers{};
  const auto step = std::chrono::nanoseconds(1'000'000'000 / options["rate"]);
  for (const Kind kind : kinds) {
    const auto seed = static_cast<Random::result_type>(random());
    plan.push_back(Caller{kind, numbers[static_cast<std::size_t>(kind)]++, step * plan.size(), Random(seed)});
  }
  return plan;
}

std::string bot_address(Caller& caller) {
  const unsigned third = between(caller.random, 0, 255);
  return address(trait(caller.kind).octet, third, between(caller.random, 1, 254));
}

std::string sender_address(Caller& caller, const std::string& last) {
  const unsigned octet = trait(caller.kind).octet;
  if (caller.kind == Kind::postfix) return address(octet, caller.number / 250, 1 + caller.number % 250);
  const unsigned widest = caller.kind == Kind::gmail ? 254 : 62;
  std::string next = last;
  while (next == last) next = address(octet, caller.number % kPools, between(caller.random, 1, widest));
  return next;
}

}  // namespace postern::botnet
