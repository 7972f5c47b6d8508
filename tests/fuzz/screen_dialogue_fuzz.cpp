// What screen says to whatever comes: every reply is one that a client can read, is bounded, and no line of the log is
// broken; a session ends after its limits, and is handed over only when nothing failed that counts. The first byte says how
// the session is spoken and tested; the others are what the client sends.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "screen/dialogue.h"
#include "tests/fuzz/replies.h"

using namespace postern;
using namespace postern::screen;
using fuzz::has_control;
using fuzz::require;

namespace {

constexpr std::size_t kLongest = 2048;
constexpr int kMostCommands = 20;

std::unique_ptr<DialogueSetup> setup_of(std::string_view more) {
  const config::Settings settings(*config::MainCf::parse(concat(
      "myhostname = mx.example\nsmtpd_banner = $myhostname ESMTP\nsmtpd_noop_commands = idle\n", more)));
  auto setup = DialogueSetup::load(settings);
  require(setup.has_value());
  return std::move(*setup);
}

const DialogueSetup& setup_for(unsigned choice) {
  static const std::array<std::unique_ptr<DialogueSetup>, 4> kSetups = {
      setup_of(""),
      setup_of(
          "postscreen_bare_newline_action = enforce\npostscreen_non_smtp_command_action = enforce\n"
          "postscreen_reject_footer = \\c. $client_address\\n<$helo_name> $sender $recipient $localtime\n"),
      setup_of(
          "postscreen_bare_newline_action = drop\npostscreen_pipelining_action = drop\nsoft_bounce = yes\n"
          "postscreen_helo_required = yes\nsmtpd_hard_error_limit = 3\n"),
      setup_of("postscreen_pipelining_action = ignore\npostscreen_non_smtp_command_action = ignore\n"
               "smtpd_forbid_bare_newline = note\nstrict_rfc821_envelopes = yes\n"
               "postscreen_discard_ehlo_keywords = pipelining, vrfy\n"),
  };
  return *kSetups[choice % kSetups.size()];
}

// The reply is whole, and nothing of a client's could end one of its lines.
void check_reply(std::string_view reply) {
  require(reply.size() < 8192);
  require(fuzz::read_replies(reply).has_value());
}

class Client {
 public:
  explicit Client(std::uint8_t choice)
      : setup_(setup_for(choice & 3u)),
        to_do_(screening::TestSet::of_bits(choice >> 3)),
        dialogue_(setup_, (choice & 4u) != 0 ? Speech::server : Speech::dummy, to_do_, ends_) {}

  void run(std::string_view bytes) {
    for (int lines = 0; !bytes.empty(); ++lines) {
      require(lines <= kMostCommands);
      const auto end = bytes.find('\n');
      if (std::min(end, bytes.size()) > kLongest) return check_end(dialogue_.too_long());
      if (end == std::string_view::npos) return check_end(dialogue_.timed_out());
      auto line = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      const bool crlf = line.ends_with('\r');
      if (crlf) line.remove_suffix(1);
      const Turn turn = dialogue_.hear(line, crlf, bytes);
      check(turn);
      if (turn.next == Next::hand_over) return check_handed_over();
      if (turn.next == Next::hang_up) return check_end(turn);
      if (turn.next == Next::start_tls) dialogue_.tls_started();
    }
  }

 private:
  void check(const Turn& turn) {
    check_reply(turn.reply);
    require(turn.reply.empty() == (turn.next == Next::hand_over));
    require(turn.log.size() <= 6);
    for (const std::string& line : turn.log) require(!has_control(line) && line.size() < 16384);
    require((turn.failed & seen_).empty() && turn.failed.without(to_do_).empty());
    seen_ = seen_ | turn.failed;
    require(dialogue_.failed() == seen_);
    bool counts = false;
    for (const auto test : screening::kAllTests) {
      counts = counts || (seen_.has(test) && setup_.action(test) != screening::Action::ignore);
    }
    require(counts == dialogue_.refused());
  }
  void check_end(const Turn& turn) {
    require(turn.next == Next::hang_up && !turn.reply.empty());
    check_reply(turn.reply);
  }
  void check_handed_over() {
    require(!dialogue_.refused());
    const auto said = dialogue_.take_said();
    std::size_t bytes = 0;
    for (const std::string& line : said) {
      require(line.find('\n') == std::string::npos);
      bytes += line.size();
    }
    require(said.size() <= Said::kMost && bytes <= 2 * kLongest + Said::kMost * 128);
  }

  const DialogueSetup& setup_;
  Ends ends_{"192.0.2.1", "4711", "192.0.2.9", "25"};
  screening::TestSet to_do_, seen_;
  Dialogue dialogue_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Client(data[0]).run({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
