// Command lines and reply lines: whatever is accepted is clean, bounded and reads back as itself, and
// whatever is refused gets a reply that a client can read.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "lib/base/text.h"
#include "lib/wire/command.h"
#include "lib/wire/format.h"
#include "lib/wire/reply.h"
#include "lib/wire/xtext.h"
#include "tests/fuzz/replies.h"

using namespace postern;
using fuzz::has_control;
using fuzz::require;

namespace {

void check_address(const mail::Address& address) {
  require(!has_control(address.local) && !has_control(address.domain));
  require(address.local.size() <= mail::kLongestLocal && address.domain.size() <= mail::kLongestDomain);
  require(address.domain.empty() || mail::is_domain(address.domain));
  if (!address.null()) {
    const auto again = mail::parse_mailbox(address.quoted());
    require(again ? *again == address : address.quoted().size() > mail::kLongestPath);
  }
  const auto split = mail::split_extension(address.local, "+-");
  require(split.user.size() + split.extension.size() + (split.delimiter != 0) == address.local.size());
}

void check_reply(const mail::Status& status) {
  std::string out;
  wire::append_reply(out, status);
  const auto replies = fuzz::read_replies(out);
  if (!replies) return require(replies.error().kind == Errc::too_long);
  require(replies->size() == 1 && replies->front().code == status.code);
}

// What a client would write for a command is the same command. Only xtext can grow beyond what is taken.
template <class Verb>
void check_rewritten(const Verb& command, std::size_t encoded) {
  auto again = wire::parse_command(wire::format_command(command));
  if (!again) return require(encoded > 160);
  auto& found = std::get<Verb>(*again);
  if constexpr (std::is_same_v<Verb, wire::Mail>) found.esmtp = command.esmtp;  // SIZE=0 is not written
  require(found == command);
}

void check_command(const wire::Command& command, std::size_t length) {
  if (const auto* mail = std::get_if<wire::Mail>(&command)) {
    check_address(mail->address);
    require(!has_control(mail->envid) && !has_control(mail->auth));
    require(mail->envid.size() + mail->auth.size() <= length);
    check_rewritten(*mail, mail->address.quoted().size());
  } else if (const auto* rcpt = std::get_if<wire::Rcpt>(&command)) {
    check_address(rcpt->address);
    require(!rcpt->address.null() && !has_control(rcpt->orcpt) && rcpt->orcpt.size() <= length);
    check_rewritten(*rcpt, std::max(rcpt->orcpt.size(), rcpt->address.quoted().size()));
  } else if (const auto* auth = std::get_if<wire::Auth>(&command)) {
    require(!auth->mechanism.empty() && !has_control(auth->mechanism));
  }
  require(!wire::name_of(command).empty());
}

void check_line(std::string_view line) {
  bool taken[2] = {};
  for (const auto grammar : {mail::Grammar::lenient, mail::Grammar::strict}) {
    const auto command = wire::parse_command(line, grammar);
    taken[grammar == mail::Grammar::strict] = command.has_value();
    if (command) {
      check_command(*command, line.size());
    } else {
      require(command.error().permanent());
      check_reply(command.error());
    }
  }
  require(taken[0] || !taken[1]);
  if (const auto status = mail::parse_status(line)) check_reply(*status);
  if (const auto text = wire::decode_xtext(line))
    require(wire::decode_xtext(wire::encode_xtext(*text)) == text);
  require(!has_control(wire::verb_of(line)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  wire::ReplyReader reader;
  for (auto line : split_fields(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    check_line(line);
    const auto state = reader.add(line);
    if (!state) reader = {};
    if (!state || *state == wire::ReplyReader::State::more) continue;
    const auto reply = reader.take();
    require(reply.lines.size() <= wire::kMostReplyLines && !has_control(reply.text()));
    // We read codes that we would not write.
    if (reply.code >= 200 && reply.code < 600) check_reply(reply.status());
  }
  return 0;
}
