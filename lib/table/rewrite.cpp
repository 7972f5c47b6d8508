#include "lib/table/rewrite.h"

#include <unordered_set>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/address_list.h"

namespace postern::table {

namespace {

// Rewriting by canonical tables is repeated until nothing changes, this often.
constexpr int kDeepestCanonical = 10;
constexpr std::string_view kTryAgain = " -- message not accepted, try again later";

Failure lookup_problem(std::string_view map, std::string_view address, const Error& error) {
  log_warning(error.text);
  return fail(Errc::busy, concat(map, " map lookup problem for ", printable(address, 300), kTryAgain));
}

Failure unreasonable(std::string_view map, std::string_view what, std::string_view address) {
  return fail(Errc::too_long,
              concat("unreasonable ", map, ' ', what, ' ', printable(address, 300), kTryAgain));
}

std::string with_extension(std::string address, std::string_view extension) {
  const auto at = address.rfind('@');
  address.insert(at == std::string::npos ? address.size() : at, extension);
  return address;
}

}  // namespace

std::vector<std::string> addresses_in(std::string_view value) {
  value = trim(value);
  std::vector<std::string> addresses;
  if (value.find_first_of(" \t,;:()<>[]\\\"") == std::string_view::npos) {
    if (!value.empty()) addresses.emplace_back(value);
    return addresses;
  }
  auto mailboxes = mail::parse_mailbox_list(value);
  if (mailboxes) {
    for (const auto& mailbox : *mailboxes) addresses.push_back(mailbox.address.text());
  } else {
    for (const auto word : split_words(value)) addresses.emplace_back(word);
  }
  return addresses;
}

net::Task<Result<std::optional<Match>>> Rewriter::look_up(const Map& map, std::string_view address) const {
  const auto domain = domain_of(address);
  bool ours = domain.empty() || iequals(domain, origin_);
  if (!ours) {
    auto local = co_await local_.matches(domain);
    if (!local) co_return fail(local.error());
    ours = *local;
  }
  const auto keys = ours ? AddressKeys::bare_user : AddressKeys::full;
  co_return co_await map.maps.lookup_address(address, delimiters_, keys);
}

// "@domain" as a value stands for the user there, whose extension is not lost.
std::vector<std::string> Rewriter::results(const Match& match, std::string_view address,
                                           bool propagate) const {
  std::vector<std::string> found;
  if (match.value.starts_with('@')) {
    auto user = address.substr(0, address.rfind('@'));
    user.remove_suffix(match.extension.size());
    found.push_back(concat(user, match.value));
  } else {
    found = addresses_in(match.value);
  }
  for (auto& result : found) {
    result = mail::complete(result, completion_);
    if (propagate && !match.extension.empty()) result = with_extension(std::move(result), match.extension);
  }
  return found;
}

net::Task<Result<std::vector<std::string>>> Rewriter::step(const Map& map, std::string_view address) const {
  std::vector<std::string> found;
  auto match = co_await look_up(map, address);
  if (!match) co_return lookup_problem(map.name, address, match.error());
  if (*match) found = results(**match, address, map.propagates);
  co_return found;
}

net::Task<Result<std::string>> Rewriter::map_one(const Map& map, std::string address) const {
  for (int depth = 0; depth < kDeepestCanonical; ++depth) {
    auto found = co_await step(map, address);
    if (!found) co_return fail(found.error());
    if (found->empty()) co_return address;
    if (found->size() > 1) log_warning(concat("multi-valued ", map.name, " entry for ", printable(address)));
    const bool settled = iequals(address, found->front());
    address = std::move(found->front());
    if (settled) co_return address;
  }
  co_return unreasonable(map.name, "map nesting for", address);
}

net::Task<Result<std::string>> Rewriter::canonical(std::string address, AddressKind kind) const {
  const bool sender = kind == AddressKind::envelope_sender || kind == AddressKind::header_sender;
  const Map* const maps[] = {sender ? &sender_canonical_ : &recipient_canonical_, &canonical_};
  if (address.empty()) co_return address;
  for (const Map* map : maps) {
    if (map->empty() || (map->kinds & bit(kind)) == 0) continue;
    auto mapped = co_await map_one(*map, std::move(address));
    if (!mapped) co_return fail(mapped.error());
    address = std::move(*mapped);
  }
  if ((masqueraded_kinds_ & bit(kind)) != 0) masquerade(address);
  co_return address;
}

// The first entry that is the domain, or a parent of it, decides.
void Rewriter::masquerade(std::string& address) const {
  const auto at = address.rfind('@');
  if (at == std::string::npos) return;
  const auto user = std::string_view(address).substr(0, at);
  for (const auto& exception : *more_.masquerade_exceptions) {
    if (iequals(user, exception)) return;
  }
  const auto domain = std::string_view(address).substr(at + 1);
  for (const auto& entry : masquerades_) {
    if (entry.domain.size() > domain.size()) continue;
    const auto below = domain.size() - entry.domain.size();
    const bool child = below > 0 && domain[below - 1] == '.';
    if (!iequals(domain.substr(below), entry.domain) || (below > 0 && !child)) continue;
    if (below > 0 && entry.strips) address.replace(at + 1, std::string::npos, entry.domain);
    return;
  }
}

net::Task<Result<std::vector<std::string>>> Rewriter::expand(std::string_view address) const {
  const auto most = static_cast<std::size_t>(*params_.virtual_alias_expansion_limit);
  const auto longest = static_cast<std::size_t>(*params_.virtual_alias_address_length_limit);
  std::vector<std::string> all{std::string(address)};
  std::unordered_set<std::string> itself;  // what expands into itself does so once
  for (std::size_t at = 0; at < all.size(); ++at) {
    for (int depth = 0; itself.find(lower(all[at])) == itself.end(); ++depth) {
      if (depth >= *params_.virtual_alias_recursion_limit) {
        co_return unreasonable(aliases_.name, "map nesting for", address);
      }
      auto found = co_await step(aliases_, all[at]);
      if (!found) co_return fail(found.error());
      if (found->empty()) break;
      const std::string alias = all[at];
      for (auto& result : *found) {
        if (result.size() > longest) co_return unreasonable(aliases_.name, "result", result);
        if (iequals(alias, result)) itself.insert(lower(alias));
      }
      all[at] = std::move(found->front());
      all.insert(all.end(), std::make_move_iterator(found->begin() + 1),
                 std::make_move_iterator(found->end()));
      if (all.size() > most) co_return unreasonable(aliases_.name, "map expansion size for", address);
    }
  }
  co_return all;
}

net::Task<Result<std::optional<std::string>>> Rewriter::bcc(const Map& map, std::string_view address) const {
  using Answer = Result<std::optional<std::string>>;
  if (map.empty() || address.empty()) co_return Answer(std::nullopt);
  auto match = co_await look_up(map, address);
  if (!match) co_return lookup_problem(map.name, address, match.error());
  if (!*match) co_return Answer(std::nullopt);
  auto addresses = addresses_in((*match)->value);
  if (addresses.empty()) co_return Answer(std::nullopt);
  co_return Answer(std::move(addresses.front()));
}

net::Task<Result<std::optional<std::string>>> Rewriter::bcc_of_sender(std::string_view address) const {
  return bcc(sender_bcc_, address);
}

net::Task<Result<std::optional<std::string>>> Rewriter::bcc_of_recipient(std::string_view address) const {
  return bcc(recipient_bcc_, address);
}

}  // namespace postern::table
