#include "lib/table/match_list.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/table/opening.h"

namespace postern::table {

namespace {

constexpr int kDeepestFile = 8;
constexpr std::size_t kLongestFile = 256u << 20;

// The words of a list file; a '#' at the beginning of a word makes the rest of its line a comment.
std::string without_comments(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (const auto line : split_fields(text, '\n')) {
    std::size_t end = 0;
    while (end < line.size() && !(line[end] == '#' && (end == 0 || is_space(line[end - 1])))) ++end;
    kept += line.substr(0, end);
    kept += '\n';
  }
  return kept;
}

}  // namespace

std::size_t MatchList::FoldedHash::operator()(std::string_view text) const {
  std::size_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(to_lower(c))) * 1099511628211u;
  return hash;
}

bool MatchList::FoldedEqual::operator()(std::string_view a, std::string_view b) const {
  return iequals(a, b);
}

Result<MatchList> MatchList::parse(std::string_view parameter, const config::List& words, Kind kind,
                                   Broken broken) {
  MatchList list;
  list.kind_ = kind;
  list.broken_ = broken;
  list.parameter_ = parameter;
  auto added = list.add_words(words, 0);
  if (!added) return fail(added.error().kind, concat(parameter, ": ", added.error().text));
  return list;
}

Result<void> MatchList::add_words(const config::List& words, int depth) {
  for (const auto& word : words) {
    auto added = add(word, depth);
    if (!added) return added;
  }
  return {};
}

Result<void> MatchList::add(std::string_view word, int depth) {
  bool on_list = !negating_;
  while (word.starts_with('!')) {
    on_list = !on_list;
    word.remove_prefix(1);
  }
  if (word.empty()) return fail(Errc::invalid, "no pattern after '!'");
  if (word.starts_with('/')) return add_file(std::string(word), on_list, depth);
  if (kind_ == Kind::addresses) {
    auto network = parse_network(word);
    const bool names_table = word.find(':') != std::string_view::npos && !word.starts_with('[');
    if (!network && !names_table) return fail(network.error());
    if (network) {
      entry_for(on_list).networks.push_back(*network);
      return {};
    }
  }
  if (word.find(':') != std::string_view::npos) {
    return add_table(on_list, table::open(word), word);
  }
  entry_for(on_list).names.emplace(word);
  return {};
}

Result<void> MatchList::add_table(bool on_list, Result<std::unique_ptr<Table>> table, std::string_view name) {
  if (!table) {
    if (broken_ == Broken::refuse) return fail(table.error());
    table = defer(name, parameter_, table.error());
  }
  Entry entry;
  entry.on_list = on_list;
  entry.table = std::move(*table);
  entries_.push_back(std::move(entry));
  return {};
}

Result<void> MatchList::add_file(const std::string& path, bool on_list, int depth) {
  if (depth == kDeepestFile) return fail(Errc::invalid, concat(path, ": files name files too deeply"));
  const auto text = read_watched(path, kLongestFile);
  if (!text) return add_table(on_list, fail(text.error()), path);
  const auto words = config::split_braced(without_comments(*text), config::kListSeparators);
  if (!words) return fail(words.error().kind, concat(path, ": ", words.error().text));
  const bool outside = std::exchange(negating_, !on_list);
  auto added = add_words(*words, depth + 1);
  negating_ = outside;
  if (!added) return fail(added.error().kind, concat(path, ": ", added.error().text));
  return {};
}

MatchList::Entry& MatchList::entry_for(bool on_list) {
  if (entries_.empty() || entries_.back().table || entries_.back().on_list != on_list) {
    entries_.emplace_back().on_list = on_list;
  }
  return entries_.back();
}

// The next key that a domain is looked up by: its parent, or its parent with a dot in front; nothing at the
// end.
std::optional<std::string_view> MatchList::broader(std::string_view name) const {
  if (kind_ == Kind::names || kind_ == Kind::addresses) return std::nullopt;
  const auto dot = name.find('.', 1);
  if (name.empty() || dot == std::string_view::npos) return std::nullopt;
  return name.substr(kind_ == Kind::domains ? dot : dot + 1);
}

bool MatchList::holds_name(const Entry& entry, std::string_view name) const {
  for (std::optional<std::string_view> key = name; key; key = broader(*key)) {
    if (entry.names.find(*key) != entry.names.end()) return true;
  }
  return false;
}

// Goes on at entry `at`; stops there, without an answer, at a table.
std::optional<bool> MatchList::scan(std::string_view subject, std::size_t& at) const {
  std::optional<Network> address;
  if (kind_ == Kind::addresses) address = parse_address(subject);
  for (; at < entries_.size(); ++at) {
    const Entry& entry = entries_[at];
    if (entry.table) return std::nullopt;
    const auto holds = [&](const Network& network) { return network.contains(*address); };
    if (address ? std::any_of(entry.networks.begin(), entry.networks.end(), holds)
                : holds_name(entry, subject)) {
      return entry.on_list;
    }
  }
  return false;
}

std::optional<bool> MatchList::matches_now(std::string_view subject) const {
  std::size_t at = 0;
  return scan(subject, at);
}

net::Task<Found> MatchList::ask(Table& table, std::string_view subject) const {
  for (std::optional<std::string_view> key = subject; key; key = broader(*key)) {
    auto found = co_await table.lookup(*key);
    if (!found || *found || table.form() == KeyForm::pattern) co_return found;
  }
  co_return Found(std::nullopt);
}

net::Task<Result<bool>> MatchList::matches(std::string_view subject) const {
  std::size_t at = 0;
  for (;;) {
    const auto known = scan(subject, at);
    if (known) co_return *known;
    const Entry& entry = entries_[at++];
    auto found = co_await ask(*entry.table, subject);
    if (!found) {
      co_return fail(found.error().kind, lookup_error(*entry.table, subject, found.error().text));
    }
    if (*found) co_return entry.on_list;
  }
}

MatchList::Kind domain_kind(std::string_view parameter,
                            const config::List& parent_domain_matches_subdomains) {
  const auto& list = parent_domain_matches_subdomains;
  const bool parents = std::find(list.begin(), list.end(), parameter) != list.end();
  return parents ? MatchList::Kind::domains_and_parents : MatchList::Kind::domains;
}

}  // namespace postern::table
