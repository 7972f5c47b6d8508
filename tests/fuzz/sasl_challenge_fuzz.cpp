// Challenges of a server to a client that authenticates: the first line names the mechanism, each other is a challenge.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/base/text.h"
#include "lib/wire/sasl_client.h"

using namespace postern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = split_fields(std::string_view(reinterpret_cast<const char*>(data), size), '\n');
  wire::SaslCredentials who;
  who.user = "ann";
  who.password = "secret";
  who.host = "mx.example";
  auto client = wire::SaslClient::begin(lines.empty() ? "" : lines[0], who);
  if (!client) return 0;
  const auto first = (*client)->initial();
  if (!first) std::abort();
  for (std::size_t i = 1; i < lines.size() && i < 20; ++i) {
    const auto said = (*client)->answer(lines[i]);
    // What we say is one line of base64.
    if (said && said->find_first_of("\r\n ") != std::string::npos) std::abort();
    if (!said && said.error().text.empty()) std::abort();
    // A server of SCRAM cannot know the password here.
    if ((*client)->is_complete() && istarts_with(lines[0], "SCRAM")) std::abort();
  }
  return 0;
}
