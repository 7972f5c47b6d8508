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
  // answer with such words too. The first word other than dunno decides; permit_mynetworks does for our clients. Fails with invalid, naming parameter and word; a
  // table that cannot be opened is reported, and says dunno.
  static Result<AccessList> open(const config::List& words, const config::List& mynetworks);

  // A table that fails, or answers with another word, is logged; the list goes on. The address lives as long as the task.
  net::Task<Access> judge(std::string_view address) const;
  // The same, if no table has to be asked.
  std::optional<Access> judge_now(std::string_view address) const;

 private:
  enum class Word : std::uint8_t { dunno, permit, reject, mynetworks };
  using Entry = std::variant<Word, std::unique_ptr<table::Table>>;

  static std::optional<Word> word_of(std::string_view text);
  std::optional<Access> obey(Word word, std::string_view address) const;
  net::Task<std::optional<Access>> ask_networks(std::string_view address) const;
  net::Task<std::optional<Access>> ask(table::Table& table, std::string_view address) const;

  table::MatchList mynetworks_;
  std::vector<Entry> entries_;
};

}  // namespace postern::screen
