// The content of one message on its way in: decoded, measured, kept in memory while it is small, and written
// to a spool file of qmgr when it is not. Nothing is synced here: that is done before the message counts as
// accepted. An object that dies before keep() leaves nothing behind.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/mail/status.h"
#include "lib/net/task.h"
#include "lib/wire/content.h"
#include "smtpd/shared.h"
#include "smtpd/transaction.h"

namespace postern::smtpd {

class Content {
 public:
  Content(Shared& shared, Transaction& mail, wire::Framing framing, wire::BareNewline policy);
  ~Content();
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  // Takes what arrived, as much of it as belongs to the content.
  wire::ContentDecoder::Progress take(std::string_view input);
  // To be asked after each take(): true when open_spool() must come next.
  bool overflows();
  // Moves all but the header section into a file; what is taken from then on goes there.
  net::Task<void> open_spool();

  // Why the message cannot be accepted; the rest of its content is read and forgotten.
  const std::optional<mail::Status>& problem() const { return problem_; }
  // Completes the transaction's message, when all has been taken: the file is now there.
  void finish();
  // The message is in the queue, and the file is its own. Until then it is open here, which tells qmgr, or the qmgr that
  // follows it, that the file is wanted.
  void keep() { file_wanted_ = false; }

  // Bytes as they will be counted, RFC 1870.
  std::uint64_t size() const { return decoder_.size(); }
  const wire::ContentDecoder& decoder() const { return decoder_; }
  // The answer when the message is in the queue, by that name.
  mail::Status queued(std::string_view id) const;

 private:
  enum class Place { memory, file, nowhere };

  void give_up(mail::Status why);
  void write(std::string_view text);
  void drop_file();
  void release_file();  // without a look at the transaction
  bool find_header_end();

  Shared& shared_;
  wire::Framing framing_;
  ipc::Submit& submit_;
  std::int64_t queue_id_;
  wire::ContentDecoder decoder_;
  std::uint64_t limit_;
  Place place_ = Place::memory;
  bool file_wanted_ = false;  // qmgr was asked for a file, which nobody has claimed
  Fd file_;
  std::size_t header_ = 0;    // where the header section ends, when that is known
  std::size_t searched_ = 0;  // up to here there is no end of it
  std::optional<mail::Status> problem_;
};

}  // namespace postern::smtpd
