#include "queue/bounce/fields.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/date.h"
#include "lib/mail/status.h"
#include "lib/wire/xtext.h"
#include "queue/bounce/report.h"

namespace postern::bounce {

namespace {

constexpr std::size_t kLongestLine = 78;
constexpr std::size_t kLongestText = 4000;  // of a reason or a diagnostic
constexpr std::string_view kIndent = "    ";

// The code point at the front of well-formed UTF-8, and its length.
std::pair<std::uint32_t, std::size_t> code_point(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
  };
  const std::size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  std::uint32_t value = length == 1 ? byte(0) : byte(0) & (0xffu >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) value = value << 6 | (byte(at) & 0x3f);
  return {value, length};
}

std::string hex_escape(std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "\\x{%X}", static_cast<unsigned>(value));
  return text.data();
}

// utf-8-addr-xtext, but for its xtext.
std::string without_utf8(std::string_view text) {
  if (!is_utf8(text)) return plain(text, false);
  std::string out;
  while (!text.empty()) {
    const auto [value, length] = code_point(text);
    if (value < 0x80) {
      out += static_cast<char>(value);
    } else {
      out += hex_escape(value);
    }
    text.remove_prefix(length);
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t value) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xc0 | value >> 6), put(0x80 | (value & 0x3f));
  } else if (value < 0x10000) {
    put(0xe0 | value >> 12), put(0x80 | (value >> 6 & 0x3f)), put(0x80 | (value & 0x3f));
  } else {
    put(0xf0 | value >> 18), put(0x80 | (value >> 12 & 0x3f)), put(0x80 | (value >> 6 & 0x3f));
    put(0x80 | (value & 0x3f));
  }
}

// The number in "\x{HEX}" at the front, and the length of all of it.
std::optional<std::pair<std::uint32_t, std::size_t>> escape_at(std::string_view text) {
  if (!text.starts_with("\\x{")) return std::nullopt;
  const auto end = text.find('}');
  if (end == std::string_view::npos || end < 4 || end > 9) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(3, end - 3)) {
    const char low = to_lower(c);
    if (!is_digit(c) && !(low >= 'a' && low <= 'f')) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(is_digit(c) ? c - '0' : low - 'a' + 10);
  }
  return std::pair{value, end + 1};
}

std::string with_utf8(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    if (const auto escape = escape_at(rest)) {
      append_utf8(out, escape->first);
      rest.remove_prefix(escape->second);
    } else {
      out += rest.front();
      rest.remove_prefix(1);
    }
  }
  return is_utf8(out) ? out : text;
}

// "rfc822; ann@example.com", or the type of RFC 6533 for an address that needs it.
std::string typed_address(std::string_view address, bool global) {
  return concat(is_ascii(address) ? "rfc822; " : "utf-8; ", shown_address(address, global));
}

// ORCPT= without its encoding: what the sender's system meant. Empty when it is none.
std::string original_recipient(const ipc::NotifyOf& r, bool global) {
  const auto end = r.orcpt.find(';');
  if (end == std::string::npos) {
    if (r.original.empty()) return {};
    return concat(is_ascii(r.original) ? "rfc822;" : "utf-8;", shown_address(r.original, global));
  }
  const std::string type = r.orcpt.substr(0, end);
  std::string address = wire::decode_xtext(std::string_view(r.orcpt).substr(end + 1)).value_or("");
  if (address.empty()) return {};
  if (global && iequals(type, "utf-8")) address = with_utf8(address);
  if (!global && !is_ascii(address)) address = without_utf8(address);
  return concat(plain(type, false), ";", plain(address, global));
}

std::string status_of(const ipc::NotifyOf& r, std::string_view action) {
  if (mail::parse_dsn(r.dsn)) return r.dsn;
  if (action == "failed" || action == "undeliverable") return "5.0.0";
  return action == "delayed" ? "4.0.0" : "2.0.0";
}

std::string diagnostic_of(const ipc::NotifyOf& r, bool global) {
  if (!r.diagnostic.empty()) return plain(r.diagnostic, global);
  return concat("X-Postfix; ", plain(r.reason, global));
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string plain(std::string_view text, bool global) {
  std::string out = printable(text, kLongestText);
  if (!global) {
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return out;
}

std::string shown_address(std::string_view address, bool global) {
  const std::string quoted = mail::from_internal(printable(address)).quoted();
  return global ? quoted : without_utf8(quoted);
}

std::string folded(std::string_view text) {
  std::string out;
  std::string_view indent;
  while (indent.size() + text.size() > kLongestLine) {
    auto cut = text.rfind(' ', kLongestLine - indent.size());
    if (cut == std::string_view::npos || cut == 0) cut = text.find(' ', 1);
    if (cut == std::string_view::npos) break;
    // RFC 5322 2.2.3: a folded line must hold more than blanks.
    const auto next = text.find_first_not_of(' ', cut);
    if (next == std::string_view::npos) break;
    out += concat(indent, text.substr(0, cut), "\n");
    text.remove_prefix(next);
    indent = kIndent;
  }
  return concat(out, indent, text, "\n");
}

std::string message_fields(const ipc::Notify& question, std::string_view hostname, std::string_view id,
                           bool global) {
  std::string out;
  if (!question.envid.empty()) {
    const auto envid = wire::decode_xtext(question.envid);
    if (envid) out += concat("Original-Envelope-Id: ", plain(*envid, global), "\n");
  }
  out += concat("Reporting-MTA: dns; ", hostname, "\n");
  if (question.arrived != 0) out += concat("Arrival-Date: ", mail::format_date(question.arrived), "\n");
  out += concat("X-Postfix-Queue-ID: ", id, "\n");
  // The null sender has no address to show.
  if (!question.sender.empty())
    out += concat("X-Postfix-Sender: ", typed_address(question.sender, global), "\n");
  return out;
}

std::string recipient_fields(const ipc::Notify& question, const ipc::NotifyOf& r, bool global) {
  const std::string_view action = action_of(question, r);
  std::string out;
  const std::string original = original_recipient(r, global);
  if (!original.empty()) out += concat("Original-Recipient: ", original, "\n");
  out += concat("Final-Recipient: ", typed_address(r.address, global), "\nAction: ", action,
                "\nStatus: ", status_of(r, action), "\n");
  if (!r.remote_mta.empty()) out += concat("Remote-MTA: dns; ", plain(r.remote_mta, global), "\n");
  if (!r.diagnostic.empty() || !r.reason.empty()) {
    out += folded(concat("Diagnostic-Code: ", diagnostic_of(r, global)));
  }
  if (question.kind == ipc::NotifyKind::delay && question.expires != 0) {
    out += concat("Will-Retry-Until: ", mail::format_date(question.expires), "\n");
  }
  return out;
}

}  // namespace postern::bounce
