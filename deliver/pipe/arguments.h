// The arguments of a command of pipe: argv= with its $names, which stand for parts of the envelope.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/pipe_attributes.h"
#include "lib/config/words.h"
#include "lib/ipc/messages/deliver.h"

namespace postern::deliver {

// The first $name in the words that has no meaning here, if there is one.
std::optional<std::string> unknown_macro(const config::List& words);

// The words with their $names replaced. A word that names something of a recipient ($recipient, $user, …) becomes one for
// each of them; with $user in it, none for a recipient without a name before the extension. `id` is the queue id as it is
// shown, `delimiters` recipient_delimiter. Values are never expanded again. Fails as config::expand.
Result<config::List> command_arguments(const config::PipeAttributes& attributes, const ipc::Deliver& message,
                                       std::string_view id, std::string_view delimiters);

// The sender, or what stands for the null sender.
std::string_view sender_of(const config::PipeAttributes& attributes, const ipc::Deliver& message);

}  // namespace postern::deliver
