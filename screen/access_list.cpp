#include "screen/access_list.h"

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::screen {

namespace {

constexpr std::string_view kParameter = "postscreen_access_list";

}  // namespace

std::optional<AccessList::Word> AccessList::word_of(std::string_view text) {
  if (iequals(text, "permit_mynetworks")) return Word::mynetworks;
  if (iequals(text, "permit")) return Word::permit;
  if (iequals(text, "reject")) return Word::reject;
  if (iequals(text, "dunno")) return Word::dunno;
  return std::nullopt;
}

Result<AccessList> AccessList::open(const config::List& words, const config::List& mynetworks) {
  AccessList list;
  auto networks = table::MatchList::parse("mynetworks", mynetworks, table::MatchList::Kind::addresses);
  if (!networks) return fail(networks.error());
  list.mynetworks_ = std::move(*networks);
  for (const std::string& text : words) {
    if (const auto word = word_of(text)) {
      list.entries_.emplace_back(*word);
    } else if (text.find(':') != text.npos) {
      list.entries_.emplace_back(table::open_or_defer(text, kParameter));
    } else {
      list.entries_.emplace_back(text);
    }
  }
  return list;
}

// Nothing: the list goes on.
std::optional<Access> AccessList::obey(Word word, std::string_view address) const {
  switch (word) {
    case Word::dunno: return Access::dunno;
    case Word::permit: return Access::permit;
    case Word::reject: return Access::reject;
    case Word::mynetworks: break;
  }
  const auto ours = mynetworks_.matches_now(address);
  if (ours && *ours) return Access::permit;
  return std::nullopt;
}

std::optional<Access> AccessList::judge_now(std::string_view address) const {
  for (const Entry& entry : entries_) {
    const auto* word = std::get_if<Word>(&entry);
    if (word == nullptr) return std::nullopt;
    if (*word == Word::mynetworks && !mynetworks_.matches_now(address)) return std::nullopt;
    if (const auto decided = obey(*word, address)) return decided;
  }
  return Access::dunno;
}

net::Task<Access> AccessList::judge(std::string_view address) const {
  for (const Entry& entry : entries_) {
    std::optional<Access> decided;
    if (const auto* word = std::get_if<Word>(&entry)) {
      decided = obey(*word, address);
      if (!decided && !mynetworks_.matches_now(address)) {
        decided = co_await ask_networks(address);
      }
    } else if (const auto* unknown = std::get_if<std::string>(&entry)) {
      decided = give_up(kParameter, "unknown command: ", *unknown);
    } else {
      decided = co_await ask(*std::get<std::unique_ptr<table::Table>>(entry), address);
    }
    if (decided) co_return *decided;
  }
  co_return Access::dunno;
}

net::Task<std::optional<Access>> AccessList::ask_networks(std::string_view address) const {
  const auto ours = co_await mynetworks_.matches(address);
  if (!ours) {
    log_warning(concat(kParameter, ": ", ours.error().text));
    co_return give_up(kParameter, "mynetworks", ": table lookup error");
  }
  if (*ours) co_return Access::permit;
  co_return std::nullopt;
}

net::Task<std::optional<Access>> AccessList::ask(table::Table& table, std::string_view address) const {
  auto found = co_await table.lookup(address);
  if (!found) {
    log_warning(table::lookup_error(table, address, found.error().text));
    co_return give_up(kParameter, table.name(), ": table lookup error");
  }
  if (!*found) co_return std::nullopt;
  for (const auto text : split_words(**found)) {
    const auto word = word_of(text);
    if (!word) co_return give_up(table.name(), "unknown command: ", printable(text, 100));
    if (*word == Word::dunno) co_return std::nullopt;  // of this table alone
    const auto decided = obey(*word, address);
    if (decided) co_return decided;
  }
  co_return std::nullopt;
}

// A list that is broken refuses nobody, and lets nobody in either.
Access AccessList::give_up(std::string_view where, std::string_view one, std::string_view other) {
  log_warning(concat(where, ": ", one, other, " -- ignoring the remainder of this access list"));
  return Access::dunno;
}

}  // namespace postern::screen
