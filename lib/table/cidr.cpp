// cidr: tables: rules with networks, in order. An address is found by the first rule whose network holds it.
#include <arpa/inet.h>

#include <array>

#include "lib/base/text.h"
#include "lib/table/memory_tables.h"
#include "lib/table/nesting.h"
#include "lib/table/network.h"
#include "lib/table/openers.h"
#include "lib/table/source.h"

namespace postern::table {

namespace {

using Kind = RuleKind;

struct Rule : RuleBase {
  Network network;
  std::string value;
};

class Cidr : public MemoryTable {
 public:
  Cidr(std::string name, std::vector<Rule> rules)
      : MemoryTable(std::move(name), KeyForm::pattern), rules_(std::move(rules)) {}

 private:
  Found find(std::string_view key) const override;
  std::vector<Rule> rules_;
};

// The network in which the address of "ADDRESS/BITS" lies.
std::string network_around(std::string_view text) {
  const auto slash = text.rfind('/');
  auto host = text.substr(0, slash);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto network = parse_address(host);
  const auto bits = parse_number(text.substr(slash + 1));
  if (!network || !bits) return std::string(text);
  for (auto bit = static_cast<int>(*bits); bit < network->bits; ++bit) {
    auto& byte = network->address[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<unsigned char>(byte & ~(0x80 >> (bit % 8)));
  }
  std::array<char, INET6_ADDRSTRLEN> shown{};
  ::inet_ntop(network->family, network->address.data(), shown.data(), shown.size());
  return concat(shown.data(), '/', *bits);
}

Result<Network> network_of(std::string_view text) {
  auto network = parse_network(text);
  if (network || !network.error().text.starts_with("non-null")) return network;
  return fail(Errc::invalid, concat("non-null host address bits in \"", printable(text, 100),
                                    "\", perhaps you should use \"", network_around(text), "\" instead"));
}

Result<Rule> parse(std::string_view line, std::string& note) {
  Rule rule;
  if (const auto rest = behind_word(line, "endif")) {
    if (!rest->empty()) note = "ignoring extra text after ENDIF";
    rule.kind = Kind::end;
    return rule;
  }
  std::string_view rest = line;
  if (const auto condition = behind_word(line, "if")) {
    rule.kind = Kind::block;
    rest = *condition;
  }
  while (rest.starts_with('!')) {
    rule.negated = !rule.negated;
    rest = trim(rest.substr(1));
  }
  const auto words = split_words(rest, " \t\r\n\v\f");
  if (words.empty()) return fail(Errc::invalid, "no address pattern");
  auto network = network_of(words.front());
  if (!network) return fail(network.error());
  rule.network = *network;
  rule.value = trim(rest.substr(words.front().size()));
  if (rule.kind == Kind::block && !rule.value.empty()) note = "ignoring extra text after IF";
  if (rule.kind == Kind::result && rule.value.empty()) return fail(Errc::invalid, "no lookup result");
  return rule;
}

Found Cidr::find(std::string_view key) const {
  const auto address = parse_address(key);
  if (!address) return std::nullopt;
  for (std::size_t at = 0; at < rules_.size(); ++at) {
    const Rule& rule = rules_[at];
    if (rule.kind == Kind::end) continue;
    if (rule.kind == Kind::broken) return fail(Errc::busy, rule.mistake);
    // A rule for the other family says nothing of this address, not even with "!".
    const bool applies =
        rule.network.family == address->family && rule.network.contains(*address) != rule.negated;
    if (applies && rule.kind == Kind::result) return rule.value;
    if (!applies && rule.kind == Kind::block) at = rule.end;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Table>> open_cidr(std::string name, std::string_view argument) {
  const auto source = read_rules(argument);
  if (!source) return fail(source.error().kind, concat("cidr map: ", source.error().text));
  return std::make_unique<Cidr>(std::move(name), nested_rules<Rule>(*source, "cidr", parse));
}

}  // namespace postern::table
