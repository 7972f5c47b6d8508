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

// What follows a ClientHello: the record that changes the cipher, then the longest that there is.
std::string flight() {
  constexpr std::string_view kChange("\x14\x03\x03\x00\x01\x01", 6), kLongest("\x17\x03\x03\x41\x00", 5);
  return concat(kChange, kLongest, 'x');
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
  phases.push_back({.name = "flight",
                    .before = starttls,
                    .at_once = client_hello(),
                    .drip = flight(),
                    .limit = Limit::handshake});
  return phases;
}

}  // namespace postern::trickle
