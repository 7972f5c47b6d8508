#include "lib/mail/destinations.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address_list.h"

namespace postern::mail {

namespace {

constexpr std::string_view kInclude = ":include:";
constexpr std::size_t kMostAddresses = 1'000'000;
constexpr std::size_t kDeepest = 20;  // comments in comments

// Walks over a text, and knows whether a character stands for itself.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  bool done() const { return at_ >= text_.size(); }
  std::size_t at() const { return at_; }

  // The next character, or a part of one; `plain` is false for what quotes, a backslash or a comment protect.
  char next(bool& plain, bool& content) {
    char c = text_[at_++];
    plain = !quoted_ && depth_ == 0;
    content = depth_ == 0;
    if (c == '\\' && at_ < text_.size() && (quoted_ || depth_ > 0)) {
      plain = false;
      c = text_[at_++];
    } else if (c == '"' && depth_ == 0) {
      quoted_ = !quoted_;
      plain = content = false;
    } else if (c == '(' && !quoted_ && depth_ < kDeepest) {
      ++depth_;
      plain = content = false;
    } else if (c == ')' && depth_ > 0) {
      --depth_;
      plain = content = false;
    }
    return c;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool quoted_ = false;
  std::size_t depth_ = 0;
};

// The entries between commas, blanks around them removed.
std::vector<std::string_view> entries_of(std::string_view text) {
  std::vector<std::string_view> entries;
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    const auto entry = trim(text.substr(begin, end - begin));
    if (!entry.empty()) entries.push_back(entry);
  };
  Walk walk(text);
  while (!walk.done()) {
    const std::size_t at = walk.at();
    bool plain = false;
    bool content = false;
    const char c = walk.next(plain, content);
    if (!plain || c != ',') continue;
    add(at);
    begin = walk.at();
  }
  add(text.size());
  return entries;
}

// Without quotes, and without comments.
std::string unquoted(std::string_view entry) {
  std::string out;
  Walk walk(entry);
  while (!walk.done()) {
    bool plain = false;
    bool content = false;
    const char c = walk.next(plain, content);
    if (content) out += c;
  }
  return std::string(trim(out));
}

bool is_special(std::string_view plain) {
  return plain.starts_with('|') || plain.starts_with('/') || plain.starts_with("~/") ||
         plain.starts_with('\\') || istarts_with(plain, kInclude);
}

Destination special(std::string_view plain) {
  if (plain.starts_with('|')) {
    return {DestinationKind::command, std::string(trim(plain.substr(1)))};
  }
  if (plain.starts_with('\\')) return {DestinationKind::user, std::string(plain.substr(1))};
  if (istarts_with(plain, kInclude)) {
    return {DestinationKind::include, std::string(trim(plain.substr(kInclude.size())))};
  }
  return {DestinationKind::file, std::string(plain)};
}

bool add_addresses(std::string_view text, std::vector<Destination>& out) {
  ListLimits limits;
  limits.bytes = std::max<std::size_t>(limits.bytes, text.size());
  limits.mailboxes = kMostAddresses;
  const auto list = parse_mailbox_list(text, limits);
  if (!list) return false;
  for (const auto& mailbox : *list) out.push_back({DestinationKind::address, mailbox.address.text()});
  return true;
}

// An entry that is no address may be several, with nothing but blanks between them.
void add_entry(std::string_view entry, std::vector<Destination>& out) {
  if (add_addresses(entry, out)) return;
  std::vector<Destination> words;
  for (const auto word : split_words(entry, " \t\r\n")) {
    if (add_addresses(word, words)) continue;
    out.push_back({DestinationKind::faulty, std::string(entry)});
    return;
  }
  out.insert(out.end(), words.begin(), words.end());
}

}  // namespace

std::vector<Destination> parse_destinations(std::string_view text) {
  std::vector<Destination> found;
  const auto entries = entries_of(text);
  const auto is_plain_list = [&] {
    return std::none_of(entries.begin(), entries.end(),
                        [](std::string_view entry) { return is_special(unquoted(entry)); });
  };
  // As a whole first: a group has commas too.
  if (is_plain_list() && add_addresses(text, found)) return found;
  found.clear();
  for (const auto entry : entries) {
    const std::string plain = unquoted(entry);
    if (is_special(plain)) {
      found.push_back(special(plain));
    } else {
      add_entry(entry, found);
    }
  }
  return found;
}

std::vector<Destination> parse_destination_lines(std::string_view text) {
  std::vector<Destination> found;
  for (const auto line : split_fields(text, '\n')) {
    if (line.starts_with('#')) continue;
    auto of_line = parse_destinations(line);
    found.insert(found.end(), std::make_move_iterator(of_line.begin()),
                 std::make_move_iterator(of_line.end()));
  }
  return found;
}

}  // namespace postern::mail
