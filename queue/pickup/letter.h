// One file of maildrop/: opened with care, since users had a hand in it, and made into what cleanup is asked.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ipc/messages/submit.h"
#include "lib/queue/maildrop.h"

namespace postern::pickup {

struct LetterFile {
  Fd fd;  // locked: nobody else works on it
  std::int64_t uid = -1;
  queue::FileSizes sizes;
  queue::Dropped dropped;
};

// Opens and locks the file. Fails with busy (somebody else has it), not_found (it is gone), io; and with invalid or
// too_long when it never will be mail: no regular file, of the wrong size, or not in the format.
Result<LetterFile> open_letter(const std::string& path);

// CRs become blanks. The header section and, unless it is larger than `inline_limit`, the rest of the content. Fails with io.
struct Content {
  std::string text;
  bool complete = true;  // otherwise the file has more, from `rest` on
  std::int64_t rest = 0;
};
Result<Content> read_content(const LetterFile& letter, std::int64_t inline_limit, std::size_t header_limit);

// What cleanup is asked, without its queue id. Adds From: when the header lacks it and the full name is known; `origin`
// is the domain that the sender may lack.
ipc::Submit submit_of(const LetterFile& letter, Content content, const std::string& origin);

// Copies the rest of the content, CRs as blanks, into the spool file; the size that it has on the wire. Fails with full or io. For a
// thread.
Result<std::int64_t> copy_rest(int from, std::int64_t at, int to);

}  // namespace postern::pickup
