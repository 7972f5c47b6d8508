#include "postconf/lists.h"

#include <cstdlib>

#include "lib/base/text.h"
#include "lib/table/table.h"
#include "postconf/tls_facts.h"

namespace postern::postconf {

namespace {

constexpr std::string_view kLocks[] = {"flock", "fcntl", "dotlock"};

void show_maps(Output& output) {
  for (const auto& type : table::types()) {
    if (type.open != nullptr) output.line(type.name);
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
