#include "bench/trickle/phases.h"

#include "bench/trickle/tls.h"
#include "lib/base/text.h"

namespace postern::trickle {

namespace {

constexpr std::size_t kFlood = 2000;

std::string flood() {
  std::string text;
  for (std::size_t i = 0; i < kFlood; ++i) text += "EHLO a\r\n";
  return text;
}

}  // namespace

std::vector<Phase> all_phases(const std::string& to) {
  const std::string ehlo = "EHLO trickler.example\r\n";
  const std::vector<std::string> envelope = {ehlo, "MAIL FROM:<trickler@bot.example>\r\n",
                                             concat("RCPT TO:<", to, ">\r\n")};
  auto data = envelope;
  data.emplace_back("DATA\r\n");
  const std::vector<std::string> starttls = {ehlo, "STARTTLS\r\n"};
  const std::string content = "Subject: a long story\r\n\r\nx";
  std::vector<Phase> phases;
  phases.push_back(
      {.name = "ehlo", .before = {}, .at_once = {}, .drip = "EHLO trickler", .limit = Limit::first});
  phases.push_back({.name = "command", .before = {ehlo}, .at_once = {}, .drip = "MAIL FROM:<a"});
  phases.push_back({.name = "data", .before = data, .at_once = {}, .drip = content});
  phases.push_back({.name = "bdat", .before = envelope, .at_once = "BDAT 1000000 LAST\r\n", .drip = content});
  phases.push_back({.name = "handshake",
                    .before = starttls,
                    .at_once = {},
                    .drip = client_hello(),
                    .limit = Limit::handshake});
  phases.push_back({.name = "replies",
                    .before = {ehlo},
                    .at_once = flood(),
                    .drip = {},
                    .limit = Limit::request,
                    .encrypted = false,
                    .reads_slowly = true});
  phases.push_back({.name = "records",
                    .before = starttls,
                    .at_once = ehlo,
                    .drip = "MAIL FROM:<a",
                    .limit = Limit::request,
                    .encrypted = true});
  return phases;
}

}  // namespace postern::trickle
