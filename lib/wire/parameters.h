// The ESMTP parameters of MAIL FROM and RCPT TO. Internal to the grammar of commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/mail/status.h"
#include "lib/wire/command.h"

namespace postern::wire {

inline constexpr std::size_t kMostParameters = 32;
inline constexpr std::size_t kLongestEnvid = 100;  // RFC 3461 4.4, decoded
inline constexpr std::size_t kLongestOrcpt = 500;  // RFC 3461 4.2, as written

// 1 to 20 digits (RFC 1870 3). A value beyond 63 bits becomes the largest 63-bit number: too big either way.
std::optional<std::uint64_t> parse_octets(std::string_view text);

// Read "NAME=VALUE NAME …" into the command. Return the reply for the first that is wrong, nothing when all
// is well. An unknown name is 555 5.5.4 (RFC 5321 4.1.1.11); a name given twice is a syntax error.
std::optional<mail::Status> parse_mail_parameters(std::string_view text, Mail& command);
std::optional<mail::Status> parse_rcpt_parameters(std::string_view text, Rcpt& command);

}  // namespace postern::wire
