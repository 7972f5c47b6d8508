// postscreen_access_list: who is let in or refused without a test.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/words.h"
#include "lib/net/task.h"
#include "lib/table/match_list.h"
#include "lib/table/table.h"

namespace postern::screen {

enum class Access : std::uint8_t { dunno, permit, reject };

class AccessList {
 public:
  // Words of the list: permit_mynetworks, permit, reject, dunno, or a table that is asked for the client's address; tables
  // answer with such words too. The first word that decides does; dunno ends the list, or what the table says. Only
  // mynetworks can be invalid.
  static Result<AccessList> open(const config::List& words, const config::List& mynetworks);

  // A table that fails, and another word, are logged and end the list without a decision, as in Postfix: what stands behind
  // it may depend on what it should have said. The address lives as long as the task.
  net::Task<Access> judge(std::string_view address) const;
  // The same, if no table has to be asked.
  std::optional<Access> judge_now(std::string_view address) const;

 private:
  enum class Word : std::uint8_t { dunno, permit, reject, mynetworks };
  using Entry = std::variant<Word, std::string, std::unique_ptr<table::Table>>;  // text: a word that is none

  static std::optional<Word> word_of(std::string_view text);
  std::optional<Access> obey(Word word, std::string_view address) const;
  static Access give_up(std::string_view where, std::string_view one, std::string_view other);
  net::Task<std::optional<Access>> ask_networks(std::string_view address) const;
  net::Task<std::optional<Access>> ask(table::Table& table, std::string_view address) const;

  table::MatchList mynetworks_;
  std::vector<Entry> entries_;
};

}  // namespace postern::screen
