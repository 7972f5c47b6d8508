// Asks tables: for a key, for each line of standard input, for the lines of a message; or for all that is in them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commands/postmap/options.h"
#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/table/table.h"

namespace postern::postmap {

using Tables = std::vector<std::unique_ptr<table::Table>>;

class Query {
 public:
  Query(const Options& options, net::Loop& loop, const Tables& tables)
      : options_(options), loop_(loop), tables_(tables) {}

  // -q KEY: prints the value of the first table that has it. False: none has. Fails with "table TYPE:NAME: query error:
  // …".
  Result<bool> one(const std::string& key);
  // -q -: prints "KEY<tab>VALUE" for those that are found. False: none was.
  Result<bool> lines(std::string_view text);
  // The same with -h, -b, -m: the text is a message.
  Result<bool> message(std::string_view text);
  // -s: prints everything.
  Result<void> everything();

 private:
  Result<std::optional<std::string>> look_up(const std::string& key);
  table::Found ask(table::Table& table, const std::string& key);
  Result<std::string> shown(std::string value) const;
  Result<void> print(const std::string& key, const std::string& value) const;
  Result<void> line(std::string_view key);
  Result<void> headers(std::string_view& rest, bool wanted, std::string& boundary);

  const Options& options_;
  net::Loop& loop_;
  const Tables& tables_;
  bool any_ = false;
};

}  // namespace postern::postmap
