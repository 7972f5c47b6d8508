// The structure of messages: pieces lie side by side and are the message, however it is fed, within their limits.
// And what tables say in answer: actions of checks, lists of addresses.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/mail/completion.h"
#include "lib/mail/mime.h"
#include "lib/table/rewrite.h"
#include "queue/cleanup/action.h"
#include "queue/cleanup/header_addresses.h"

using namespace postern;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

// Kinds and texts of all pieces.
std::string pieces(std::string_view message, const mail::MimeLimits& limits, std::size_t chunk) {
  mail::MimeReader reader(limits);
  std::string all, told;
  const auto drain = [&] {
    while (const auto piece = reader.next()) {
      require(!piece->raw.empty());
      require(piece->raw.starts_with(piece->text) && piece->raw.size() - piece->text.size() <= 1);
      const bool body = piece->kind == mail::MimePiece::Kind::body;
      if (body) require(piece->text.size() <= limits.line);
      all += piece->raw;
      // The rest of a long field may be cut anywhere.
      if (piece->kind == mail::MimePiece::Kind::other) continue;
      told += static_cast<char>('0' + static_cast<int>(piece->kind));
      told += piece->text;
      told += '\n';
    }
  };
  for (std::size_t at = 0; at < message.size(); at += chunk) {
    reader.feed(message.substr(at, chunk));
    drain();
  }
  reader.finish();
  drain();
  require(reader.unread() == 0 && all == message);
  return told;
}

void check_answers(std::string_view text) {
  for (const bool field : {true, false}) {
    const auto action = cleanup::parse_action(text, "header_checks", field);
    require(action.kind != cleanup::Action::Kind::unknown || !action.problem.empty());
    require(action.text.size() <= text.size());
    const auto reply = cleanup::rejection(action.text);
    require(reply.starts_with('4') || reply.starts_with('5'));
  }
  require(cleanup::unescape(text).size() <= text.size());
  const mail::Completion how{"origin.example", "domain.example"};
  for (const auto& address : table::addresses_in(text)) {
    const auto once = mail::complete(address, how);
    if (mail::is_complete(address)) require(once == address || address == "@");
    require(once.size() <= address.size() + 32);
  }
  static_cast<void>(cleanup::looks_complete(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mail::MimeLimits usual, tight{40, 12, 5, 3};
  for (const auto& limits : {usual, tight}) {
    const auto whole = pieces(text, limits, size + 1);
    require(pieces(text, limits, 1) == whole);
    require(pieces(text, limits, 7) == whole);
  }
  check_answers(text);
  static_cast<void>(mail::parse_content_type(text));
  return 0;
}
