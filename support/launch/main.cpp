// launch: see launch.h. What goes wrong is told to master as our last words.
#include <cstdlib>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/daemon/status.h"
#include "support/launch/launch.h"

using namespace postern;

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto options = launch::parse_options(words);
  const Error error = options ? launch::become_program(*options) : options.error();
  const char* generation = ::getenv(daemon::kGenerationVariable);
  const auto number = parse_number(generation == nullptr ? "0" : generation);
  daemon::StatusChannel channel(daemon::kStatusDescriptor, static_cast<std::uint32_t>(number.value_or(0)));
  channel.last_words(error.text);
  return EXIT_FAILURE;
}
