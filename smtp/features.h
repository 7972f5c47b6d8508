// What a server says that it can do: its answer to EHLO or LHLO.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "lib/wire/reply.h"

namespace postern::smtp {

// Keywords that are ignored, in lower case: smtp_discard_ehlo_keywords.
using Keywords = std::unordered_set<std::string>;

struct Features {
  bool esmtp = false;
  bool pipelining = false;
  bool eight_bit = false;
  bool dsn = false;
  bool smtputf8 = false;
  bool starttls = false;
  bool starttls_ignored = false;  // it is offered, but smtp_discard_ehlo_keywords has it
  bool size = false;
  bool auth = false;
  std::uint64_t size_limit = 0;         // 0: none was named
  std::vector<std::string> mechanisms;  // of AUTH, in upper case
  std::vector<std::string> xforward;    // attributes, in upper case
  std::string name;                     // that the server calls itself
};

// The words of a parameter or a table's value as keywords.
Keywords keywords_of(std::string_view text);

Features read_features(const wire::Reply& reply, const Keywords& ignored);

}  // namespace postern::smtp
