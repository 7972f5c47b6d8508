// What servers of tables say: the protocols of socketmap_table(5) and tcp_table(5).
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/table/table.h"

namespace postern::table {

// Postfix's default of socketmap_max_reply_size.
inline constexpr std::size_t kLongestSocketmapReply = 100000;
inline constexpr std::size_t kLongestTcpLine = 4096;

// "5:hello,"
std::string netstring(std::string_view text);

// The length at the front of a netstring, once its ':' is there. Nothing: more is needed. Fails with invalid or
// too_long.
struct NetstringHead {
  std::size_t head = 0;  // bytes with the ':'
  std::size_t length = 0;
};
Result<std::optional<NetstringHead>> parse_netstring_head(std::string_view text);

// "OK value", "NOTFOUND ", "TEMP reason", "TIMEOUT reason", "PERM reason".
Found parse_socketmap_reply(std::string_view reply);

// "get KEY\n", with %XX for what is not printable, for blanks and for '%'. Fails with too_long.
Result<std::string> tcp_request(std::string_view key);
// "200 value", "500 text", "400 text"; the value is decoded.
Found parse_tcp_reply(std::string_view line);

}  // namespace postern::table
