// Who is at the other end, and how host names are found.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/net/socket.h"

namespace postern::smtpd {

// The client, kept as every log line shows it: "name[address]".
class Peer {
 public:
  Peer(std::string_view name, std::string_view address, unsigned port);
  const std::string& text() const { return text_; }
  // "unknown" when there is none that can be trusted.
  std::string_view name() const { return std::string_view(text_).substr(0, name_length_); }
  // In numbers: "192.0.2.1", "2001:db8::1".
  std::string_view address() const;
  unsigned port() const { return port_; }

 private:
  std::string text_;
  std::uint32_t name_length_;
  std::uint32_t port_;
};

// The names of addresses, as hosts(5) has them.
class HostNames {
 public:
  HostNames() = default;
  // Reads the file; an unreadable one has no names.
  static HostNames read(const std::string& path);
  // The text of such a file. Lines of another shape are passed over.
  explicit HostNames(std::string_view text);

  // "unknown" when there is none.
  std::string_view name_of(std::string_view address) const;

 private:
  std::map<std::string, std::string, std::less<>> by_address_;
};

}  // namespace postern::smtpd
