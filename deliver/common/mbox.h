// Adds a message to a mailbox file.
#pragma once

#include <cstdint>
#include <string>

#include "deliver/common/identity.h"
#include "deliver/common/mbox_lock.h"
#include "lib/base/result.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::deliver {

// The line that a message in an mbox begins with: "From ann@example.com  Mon Nov 23 04:05:06 2026"; MAILER-DAEMON
// for the null sender. With its LF.
std::string from_line(std::string_view sender, std::int64_t wall);

// Appends `head` and the content to the mailbox file, which is made with mode 0600 when there is none, and returns
// when they are durable. Acts with the rights of the calling thread. The file must be a plain file with one name
// that belongs to the owner. On any failure the file has its old length again. Fails with the system's reason
// (EFBIG beyond the limit).
Result<void> append_to_mbox(const std::string& path, std::string_view head, const ipc::Deliver& message,
                            std::int64_t limit, const LockRules& rules);

// Makes an empty mailbox file for its owner, with the rights of the calling thread, which must be root's, in a directory
// where only root makes files. Durable when it returns; a file that is there stays as it is.
Result<void> make_mbox(const std::string& path, Owner owner);

}  // namespace postern::deliver
