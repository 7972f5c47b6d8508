// The content of a message on its way into a file: the part that came with the question, then the spooled part,
// which is copied by the kernel or in blocks, never held as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::deliver {

// The header lines of a delivery, each with its LF.
std::string return_path(std::string_view sender);
std::string original_to(std::string_view address);  // X-Original-To:; empty when it is not known
std::string delivered_to(std::string_view address);
// All three, for a recipient of the message.
std::string trace_header(const ipc::Deliver& message, const ipc::DeliverTo& recipient);

// True when the message has a Delivered-To: field with this address, in any case: it was here before.
bool was_delivered_to(const ipc::Deliver& message, std::string_view address);

// Bytes of the content, the spooled part included. Fails with io.
Result<std::int64_t> content_size(const ipc::Deliver& message);

// Hands the content over block by block. Fails when reading it does, or when `take` does.
Result<void> each_block(const ipc::Deliver& message,
                        const std::function<Result<void>(std::string_view block)>& take);

// Writes `head` and the content as they are. Fails as write_all().
Result<void> write_content(int fd, std::string_view head, const ipc::Deliver& message);

// Writes the spooled part alone, as it is. Fails as write_all().
Result<void> copy_spooled(int fd, const ipc::Deliver& message);

// Writes `head` and the content as an mbox has it: a line that begins with "From " gets a '>' in front, the last
// line ends, and an empty line follows. Fails as write_all().
Result<void> write_quoted(int fd, std::string_view head, const ipc::Deliver& message);

// Puts '>' in front of "From " at the beginning of lines, however the text is cut into pieces.
class FromQuoter {
 public:
  void feed(std::string_view piece, std::string& out);
  // What is still held back, the end of the last line, and an empty line.
  void finish(std::string& out);

 private:
  static constexpr std::string_view kFrom = "From ";
  void release(std::string& out);
  bool at_start_ = true;     // of a line
  std::size_t matched_ = 0;  // bytes of kFrom that were held back
};

}  // namespace postern::deliver
