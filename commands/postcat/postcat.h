// One message of the queue on standard output.
#pragma once

#include <string>

#include "commands/postcat/options.h"
#include "lib/ipc/messages/queue.h"

namespace postern::commands {

// How many bytes of the content are its header: up to the first line that is none, which belongs to the body.
std::size_t header_size(std::string_view content);

// Writes what the request asks for. `id` is the queue id as it is shown. Fails with io when the spool file cannot be read, and
// lost when nobody reads what is written.
Result<void> show_message(const ipc::MessageRead& message, const std::string& id, const CatRequest& request);

}  // namespace postern::commands
