#include "lib/screening/dns_sites.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "lib/base/text.h"

namespace postern::screening {

namespace {

using Numbers = std::bitset<256>;

// "0" to "255", digits only.
Result<unsigned> read_octet(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > 255)
    return fail(Errc::invalid, concat("not a number from 0 to 255: \"", text, '"'));
  return static_cast<unsigned>(*number);
}

// "4" or "4..11".
Result<void> add_range(Numbers& numbers, std::string_view text) {
  const auto dots = text.find("..");
  const auto first = read_octet(text.substr(0, dots));
  if (!first) return fail(first.error());
  const auto last = dots == text.npos ? first : read_octet(text.substr(dots + 2));
  if (!last) return fail(last.error());
  if (*last < *first) return fail(Errc::invalid, concat("a range that runs backwards: \"", text, '"'));
  for (unsigned number = *first; number <= *last; ++number) numbers.set(number);
  return {};
}

// What stands in one place of a filter: "4" or "[2;4..11]".
Result<Numbers> read_place(std::string_view text) {
  Numbers numbers;
  if (!text.starts_with('[')) {
    const auto octet = read_octet(text);
    if (!octet) return fail(octet.error());
    numbers.set(*octet);
    return numbers;
  }
  for (const auto range : split_fields(text.substr(1, text.size() - 2), ';')) {
    if (auto added = add_range(numbers, range); !added) return fail(added.error());
  }
  return numbers;
}

// The text up to the next dot outside [ ], which is taken away with it. Fails when a bracket is not closed, or when
// something stands behind it.
Result<std::string_view> take_place(std::string_view& rest) {
  std::size_t end = rest.find('.');
  if (rest.starts_with('[')) {
    const auto closing = rest.find(']');
    if (closing == rest.npos) return fail(Errc::invalid, concat("a \"[\" without \"]\": \"", rest, '"'));
    end = closing + 1 < rest.size() ? closing + 1 : rest.npos;
    if (end != rest.npos && rest[end] != '.') {
      return fail(Errc::invalid, concat("no \".\" behind \"]\": \"", rest, '"'));
    }
  }
  const auto place = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  return place;
}

Result<int> read_weight(std::string_view text) {
  const bool minus = text.starts_with('-');
  const auto number = parse_number(text.substr(minus || text.starts_with('+')));
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (!number || *number > kMost) return fail(Errc::invalid, concat("bad weight: \"", text, '"'));
  return static_cast<int>(minus ? -*number : *number);
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= 63 && !label.starts_with('-') && !label.ends_with('-') &&
         std::all_of(label.begin(), label.end(), fits);
}

// A name that a question can be made of: an IPv6 address and its dots in front take 64 bytes.
bool is_list_domain(std::string_view name) {
  constexpr std::size_t kLongest = 253 - 64;
  const bool has_letter =
      std::any_of(name.begin(), name.end(), [](char c) { return !is_digit(c) && c != '.'; });
  const auto labels = split_fields(name, '.');
  return has_letter && name.size() <= kLongest && std::all_of(labels.begin(), labels.end(), is_label);
}

// Takes the part behind the first `separator` away from the text; nothing when there is none.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  if (at == text.npos) return std::nullopt;
  const auto part = text.substr(at + 1);
  text = text.substr(0, at);
  return part;
}

struct Entry {
  std::string_view domain;
  DnsSite site;
};

Result<Entry> read_entry(std::string_view word) {
  Entry entry;
  entry.domain = word;
  const auto weight = cut(entry.domain, '*');
  const auto filter = cut(entry.domain, '=');
  if (!is_list_domain(entry.domain))
    return fail(Errc::invalid, concat("not a domain: \"", entry.domain, '"'));
  if (weight) {
    const auto number = read_weight(*weight);
    if (!number) return fail(number.error());
    entry.site.weight = *number;
  }
  if (filter) {
    const auto parsed = ReplyFilter::parse(*filter);
    if (!parsed) return fail(parsed.error());
    entry.site.filter = *parsed;
  }
  return entry;
}

}  // namespace

Result<ReplyFilter> ReplyFilter::parse(std::string_view text) {
  ReplyFilter filter;
  std::string_view rest = text;
  for (std::size_t i = 0; i < filter.numbers_.size(); ++i) {
    const auto place = take_place(rest);
    if (!place) return fail(place.error());
    const auto numbers = read_place(*place);
    if (!numbers) return fail(numbers.error());
    filter.numbers_[i] = *numbers;
    const bool is_last = i + 1 == filter.numbers_.size();
    if (is_last != (place->data() + place->size() == text.data() + text.size())) {
      return fail(Errc::invalid, concat("not four numbers: \"", text, '"'));
    }
  }
  return filter;
}

bool ReplyFilter::matches(const Ipv4& address) const {
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (!numbers_[i].test(address[i])) return false;
  }
  return true;
}

bool DnsSite::matches(const std::vector<Ipv4>& addresses) const {
  if (!filter) return !addresses.empty();
  return std::any_of(addresses.begin(), addresses.end(),
                     [this](const Ipv4& address) { return filter->matches(address); });
}

Result<std::vector<DnsList>> dns_lists(std::string_view parameter, const config::List& words) {
  std::vector<DnsList> lists;
  for (const auto& word : words) {
    auto entry = read_entry(word);
    if (!entry) return fail(Errc::invalid, concat(parameter, ": ", word, ": ", entry.error().text));
    auto list = std::find_if(lists.begin(), lists.end(),
                             [&](const DnsList& one) { return iequals(one.domain, entry->domain); });
    if (list == lists.end()) list = lists.insert(list, DnsList{std::string(entry->domain), {}});
    list->sites.push_back(std::move(entry->site));
  }
  return lists;
}

}  // namespace postern::screening
