#include "smtp/letter.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/mail/header.h"

namespace postern::smtp {

namespace {

bool has_eight_bit(std::string_view text) {
  unsigned char all = 0;  // without a branch: the compiler looks at many bytes at a time
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all > 127;
}

bool header_has_eight_bit(std::string_view content) {
  if (!has_eight_bit(content)) return false;
  return has_eight_bit(content.substr(0, mail::header_facts(content).header_size));
}

}  // namespace

Result<Letter> letter_of(const ipc::Deliver& message) {
  Letter letter;
  letter.message = &message;
  letter.sender = message.sender;
  bool wide = has_eight_bit(message.sender);
  for (const auto& recipient : message.recipients) {
    letter.to.push_back({&recipient, recipient.address});
    wide = wide || has_eight_bit(recipient.address);
  }
  letter.eight_bit = has_eight_bit(message.content);
  letter.needs_smtputf8 = message.smtputf8 && (wide || header_has_eight_bit(message.content));
  if (!message.spool || letter.eight_bit) return letter;
  ContentPieces pieces(letter);
  for (;;) {
    const auto piece = pieces.next();
    if (!piece) return fail(piece.error());
    if (piece->empty()) return letter;
    letter.eight_bit = has_eight_bit(*piece);
    if (letter.eight_bit) return letter;
  }
}

ContentPieces::ContentPieces(const Letter& letter)
    : parts_{letter.head, std::string_view(letter.message->content)
                              .substr(std::min(letter.replaced, letter.message->content.size()))},
      spool_(letter.message->spool.get()) {
  if (spool_ >= 0) ::posix_fadvise(spool_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

Result<std::string_view> ContentPieces::next() {
  for (std::string_view& part : parts_) {
    if (part.empty()) continue;
    const auto piece = part.substr(0, kPiece);
    part.remove_prefix(piece.size());
    return piece;
  }
  return spool_ < 0 ? Result<std::string_view>(std::string_view()) : read_spool();
}

Result<std::string_view> ContentPieces::read_spool() {
  buffer_.resize(kPiece);
  for (;;) {
    const ssize_t n = ::pread(spool_, buffer_.data(), buffer_.size(), at_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read spooled content", errno);
    at_ += n;
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(n));
  }
}

}  // namespace postern::smtp
