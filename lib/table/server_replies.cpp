#include "lib/table/server_replies.h"

#include "lib/base/text.h"

namespace postern::table {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

Failure server_error(std::string_view kind, std::string_view reason) {
  reason = trim(reason);
  return fail(Errc::busy,
              concat("server: ", kind, " error", reason.empty() ? "" : ": ", printable(reason, 200)));
}

int digit(char c) {
  const auto place = kDigits.find(to_upper(c));
  return place == std::string_view::npos ? -1 : static_cast<int>(place);
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) return fail(Errc::busy, concat("malformed reply \"", printable(text, 100), '"'));
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

}  // namespace

std::string netstring(std::string_view text) { return concat(text.size(), ':', text, ','); }

Result<std::optional<NetstringHead>> parse_netstring_head(std::string_view text) {
  constexpr std::size_t kMostDigits = 6;
  const auto colon = text.substr(0, kMostDigits + 1).find(':');
  const auto digits = text.substr(0, std::min(colon, text.size()));
  for (const char c : digits) {
    if (!is_digit(c)) return fail(Errc::invalid, "malformed reply: no netstring");
  }
  if (colon == std::string_view::npos) {
    if (text.size() > kMostDigits) return fail(Errc::too_long, "the reply is too long");
    return std::optional<NetstringHead>();
  }
  const auto length = parse_number(digits);
  if (!length) return fail(Errc::invalid, "malformed reply: no netstring");
  if (*length > static_cast<std::int64_t>(kLongestSocketmapReply))
    return fail(Errc::too_long, "the reply is too long");
  return std::optional(NetstringHead{colon + 1, static_cast<std::size_t>(*length)});
}

Found parse_socketmap_reply(std::string_view reply) {
  const auto blank = std::min(reply.find(' '), reply.size());
  const auto word = reply.substr(0, blank);
  const auto rest = reply.substr(std::min(blank + 1, reply.size()));
  if (word == "OK") return std::string(rest);
  if (word == "NOTFOUND") return std::nullopt;
  if (word == "TEMP") return server_error("temporary", rest);
  if (word == "TIMEOUT") return server_error("timeout", rest);
  if (word == "PERM") return server_error("permanent", rest);
  return server_error("unknown", reply);
}

Result<std::string> tcp_request(std::string_view key) {
  std::string request = "get ";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 32 && byte < 127 && c != '%') {
      request += c;
    } else {
      request += '%';
      request += kDigits[byte >> 4];
      request += kDigits[byte & 15];
    }
  }
  if (request.size() > kLongestTcpLine) return fail(Errc::too_long, "the key is too long for a server");
  return request + '\n';
}

Found parse_tcp_reply(std::string_view line) {
  const bool has_code = line.size() >= 3 && is_digit(line[0]) && is_digit(line[1]) && is_digit(line[2]) &&
                        (line.size() == 3 || is_space(line[3]));
  if (!has_code) return fail(Errc::busy, concat("malformed reply \"", printable(line, 100), '"'));
  const auto text = decoded(trim(line.substr(3)));
  if (!text) return fail(text.error());
  if (line.starts_with("200")) return *text;
  if (line.starts_with("500")) return std::nullopt;
  return server_error("temporary", *text);
}

}  // namespace postern::table
