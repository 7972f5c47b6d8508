// A message as it goes over the wire to one server: addresses, and content in pieces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/ipc/messages/deliver.h"
#include "lib/wire/content.h"

namespace postern::smtp {

struct LetterTo {
  const ipc::DeliverTo* asked = nullptr;
  std::string address;  // as it is sent: smtp_generic_maps may have changed it
};

struct Letter {
  const ipc::Deliver* message = nullptr;  // outlives the letter
  std::string sender;
  std::vector<LetterTo> to;  // in the order of the message's recipients
  std::string head;          // in place of the first `replaced` bytes of the content
  std::size_t replaced = 0;
  bool eight_bit = false;       // some byte of the content is above 127
  bool needs_smtputf8 = false;  // an address or the header cannot be sent without it
};

// The letter of a message as it is, before anything is rewritten. Looks at all of the content. Fails with io.
Result<Letter> letter_of(const ipc::Deliver& message);

// The content of a letter in pieces, as it came: lines end in LF.
class ContentPieces {
 public:
  explicit ContentPieces(const Letter& letter);
  // The next piece, at most kPiece bytes; empty at the end. Valid until the next call. Fails with io.
  Result<std::string_view> next();
  // Gives up the memory of a piece.
  void forget() { std::string().swap(buffer_); }
  static constexpr std::size_t kPiece = 64 * 1024;

 private:
  Result<std::string_view> read_spool();

  std::string_view parts_[2];
  int spool_;
  std::int64_t at_ = 0;
  std::string buffer_;
};

}  // namespace postern::smtp
