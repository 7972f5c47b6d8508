#include "postconf/lists.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/table/table.h"

namespace postern::postconf {

namespace {

// The types that Postfix knows, sorted; of these we show what lib/table can open.
constexpr std::string_view kTableTypes[] = {
    "btree",    "cdb",     "cidr",     "dbm",      "environ", "fail", "hash",      "inline",
    "internal", "ldap",    "lmdb",     "memcache", "mysql",   "nis",  "nisplus",   "pcre",
    "pgsql",    "pipemap", "proxy",    "randmap",  "regexp",  "sdbm", "socketmap", "sqlite",
    "static",   "tcp",     "texthash", "unionmap", "unix"};
constexpr std::string_view kLocks[] = {"flock", "fcntl", "dotlock"};
constexpr std::string_view kTlsFacts[] = {"compile-version", "run-version", "public-key-algorithms"};

void show_maps(Output& output) {
  for (const auto type : kTableTypes) {
    if (table::is_supported(concat(type, type == "proxy" ? ":static:x" : ":x"))) output.line(type);
  }
}

}  // namespace

Result<int> show_list(const Request& request, Output& output) {
  if (request.step().space == Space::maps) show_maps(output);
  if (request.step().space == Space::locks) {
    for (const auto lock : kLocks) output.line(lock);
  }
  // There is no SASL yet: these lists are empty.
  if (request.step().space != Space::tls) return EXIT_SUCCESS;
  const auto& facts = kTlsFacts;
  if (std::find(std::begin(facts), std::end(facts), request.tls_fact) == std::end(facts)) {
    output.warn(concat("unknown 'postconf -T' mode: ", request.tls_fact));
    return EXIT_FAILURE;
  }
  return fail(Errc::not_found, "this version is built without TLS");
}

}  // namespace postern::postconf
