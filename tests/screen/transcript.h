// A dialogue of screen without a network, for tests that read as transcripts.
#pragma once

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "screen/dialogue.h"

namespace postern::screen {

inline constexpr screening::TestSet kDeep = screening::kDeepTests;

// Gives a dialogue what a client sends, a line at a time, and says what comes of it.
class Transcript {
 public:
  explicit Transcript(std::string_view main_cf = "", Speech speech = Speech::dummy,
                      screening::TestSet to_do = kDeep)
      : settings_(*config::MainCf::parse(concat(kMainCf, main_cf))),
        setup(std::move(*DialogueSetup::load(settings_))),
        dialogue(*setup, speech, to_do, ends_) {}

  // What comes of a line, one fact a line: "250 2.0.0 Ok", "log: ...", "end", "hand over", "slow". A line that ends with \n
  // is sent without CR; `behind` comes in the same packet. The lines of a reply are joined by '|'.
  std::string hears(std::string_view line, std::string_view behind = "") {
    const bool crlf = !line.ends_with('\n');
    if (!crlf) line.remove_suffix(1);
    return told(dialogue.hear(line, crlf, behind));
  }
  void stress(bool on) {
    settings_.override("stress", on ? "yes" : "");
    REQUIRE(setup->follow(settings_, "stress"));
  }
  std::string told(const Turn& turn) {
    std::string out;
    for (const std::string& line : turn.log) out += concat("log: ", line, '\n');
    if (!turn.reply.empty()) out += concat(joined(turn.reply), '\n');
    if (turn.next == Next::hang_up) out += "end\n";
    if (turn.next == Next::hand_over) out += "hand over\n";
    if (turn.next == Next::start_tls) out += "tls\n";
    if (turn.slow) out += "slow\n";
    if (!out.empty()) out.pop_back();
    return out;
  }

 private:
  static std::string joined(std::string_view reply) {
    std::string out;
    for (std::size_t at = 0; at < reply.size();) {
      const auto end = reply.find("\r\n", at);
      REQUIRE(end != std::string_view::npos);
      out += concat(out.empty() ? "" : "|", reply.substr(at, end - at));
      at = end + 2;
    }
    return out;
  }

  static constexpr std::string_view kMainCf =
      "myhostname = mx.example\nsmtpd_banner = $myhostname ESMTP\ncompatibility_level = 3.6\n"
      "message_size_limit = 1000\n";
  config::Settings settings_;
  Ends ends_{"192.0.2.1", "4711", "192.0.2.9", "25"};

 public:
  std::unique_ptr<DialogueSetup> setup;
  Dialogue dialogue;
};

struct Line {
  std::string_view sent, expected;
};
// Says one line after the other, and checks what is heard.
inline void converse(Transcript& talk, std::initializer_list<Line> lines) {
  for (const Line& line : lines) {
    CAPTURE(line.sent);
    CHECK(talk.hears(line.sent) == line.expected);
  }
}

}  // namespace postern::screen
