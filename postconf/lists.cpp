#include "postconf/lists.h"

#include <cstdlib>

#include "lib/base/text.h"
#include "lib/table/table.h"
#include "postconf/tls_facts.h"

namespace postern::postconf {

namespace {

// The types that Postfix knows, sorted; of these we show what lib/table can open.
constexpr std::string_view kTableTypes[] = {
    "btree",    "cdb",     "cidr",     "dbm",      "environ", "fail", "hash",      "inline",
    "internal", "ldap",    "lmdb",     "memcache", "mysql",   "nis",  "nisplus",   "pcre",
    "pgsql",    "pipemap", "proxy",    "randmap",  "regexp",  "sdbm", "socketmap", "sqlite",
    "static",   "tcp",     "texthash", "unionmap", "unix"};
constexpr std::string_view kLocks[] = {"flock", "fcntl", "dotlock"};

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
  const auto shown = show_tls_fact(request.tls_fact, output);
  if (!shown) return fail(shown.error());
  return *shown ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace postern::postconf
