// The message that a notification is about: the part that came with the question, and the file that it goes on in. It
// is read in blocks, never held as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/messages/notify.h"
#include "queue/bounce/plan.h"

namespace postern::bounce {

// The header section of the content, without the empty line behind it.
std::string_view header_of(const ipc::Notify& question);

// Bytes of the whole message. Fails with io.
Result<std::int64_t> size_of(const ipc::Notify& question);

// Takes a piece of the message; a failure ends the reading and is passed on.
using Take = std::function<Result<void>(std::string_view piece)>;

// Gives what is returned, in pieces of at most 64 KiB but for the first. Fails with io when the file cannot be read.
Result<void> read_original(const ipc::Notify& question, Returned returned, const Take& take);

// True when some byte of what is returned is above 127. Fails as read_original.
Result<bool> is_eight_bit(const ipc::Notify& question, Returned returned);

}  // namespace postern::bounce
