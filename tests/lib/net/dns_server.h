// A DNS server for tests: what it answers is a table, over UDP and TCP on one port. It runs in a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <atomic>
#include <map>
#include <mutex>

#include "lib/base/text.h"
#include "lib/net/dns_packet.h"
#include "tests/lib/net/support.h"

namespace postern::net::testing {

inline std::string word(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
inline std::string quad(unsigned value) { return word(value >> 16) + word(value & 0xffff); }

inline std::string wire_name(std::string_view name) {
  std::string out;
  if (!name.empty()) {
    for (const auto label : split_fields(name, '.'))
      out += static_cast<char>(label.size()) + std::string(label);
  }
  return out + '\0';
}

inline std::string record(std::string_view owner, DnsType type, std::string_view data, unsigned ttl = 300) {
  return wire_name(owner) + word(static_cast<unsigned>(type)) + word(1) + quad(ttl) +
         word(static_cast<unsigned>(data.size())) + std::string(data);
}
inline std::string mx(std::string_view owner, unsigned preference, std::string_view host,
                      unsigned ttl = 300) {
  return record(owner, DnsType::mx, word(preference) + wire_name(host), ttl);
}
inline std::string alias(std::string_view owner, std::string_view target, unsigned ttl = 300) {
  return record(owner, DnsType::cname, wire_name(target), ttl);
}
inline std::string strings(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += static_cast<char>(part.size()) + std::string(part);
  return out;
}

// What the server does about a name and type.
struct Scripted {
  unsigned code = 0;                 // RCODE
  std::vector<std::string> records;  // of the answer section
  std::vector<std::string> authority;
  bool secure = false;        // AD
  bool silent = false;        // no reply at all
  bool cut = false;           // TC over UDP
  bool drips = false;         // over TCP, an octet now and then
  bool refuses_edns = false;  // FORMERR while the question has EDNS
  std::string raw;            // these bytes behind the id and the flags, in place of everything else
};

inline std::string reply_bytes(std::string_view id, std::string_view question, const Scripted& what,
                               bool cut) {
  const unsigned flags = 0x8180u | what.code | (what.secure ? 0x20u : 0) | (cut ? 0x200u : 0);
  std::string out(id);
  out += word(flags);
  if (!what.raw.empty()) return out + what.raw;
  const auto count = [cut](const auto& section) {
    return word(cut ? 0 : static_cast<unsigned>(section.size()));
  };
  out += word(1) + count(what.records) + count(what.authority) + word(0);
  out += question;
  if (!cut) {
    for (const auto& one : what.records) out += one;
    for (const auto& one : what.authority) out += one;
  }
  return out;
}

class DnsServer {
 public:
  DnsServer() {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof any;
    for (int attempt = 0; attempt < 20; ++attempt) {
      udp_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      tcp_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      any.sin_port = 0;
      REQUIRE(::bind(udp_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
      REQUIRE(::getsockname(udp_.get(), reinterpret_cast<sockaddr*>(&any), &length) == 0);
      if (::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0) break;
    }
    REQUIRE(::listen(tcp_.get(), 8) == 0);
    const int room = 8 << 20;
    ::setsockopt(udp_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    port_ = ntohs(any.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~DnsServer() {
    leaving_ = true;
    thread_.join();
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  std::string address() const { return concat("127.0.0.1:", port_); }
  void on(std::string_view name, DnsType type, Scripted what) {
    const std::lock_guard lock(mutex_);
    table_[concat(static_cast<unsigned>(type), ' ', name)] = std::move(what);
  }
  int questions() const { return questions_; }
  int over_tcp() const { return over_tcp_; }
  bool asked_for_validation() const { return asked_for_validation_; }

 private:
  void run() {
    while (!leaving_) {
      pollfd both[] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
      ::poll(both, 2, 10);
      if ((both[0].revents & POLLIN) != 0) answer_datagram();
      if ((both[1].revents & POLLIN) != 0) answer_connection();
    }
  }

  void answer_datagram() {
    char packet[65536];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const auto size =
        ::recvfrom(udp_.get(), packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 12) return;
    const std::string out = reply({packet, static_cast<std::size_t>(size)}, false);
    if (!out.empty())
      ::sendto(udp_.get(), out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }

  void answer_connection() {
    const Fd peer(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    unsigned char length[2];
    if (::recv(peer.get(), length, 2, MSG_WAITALL) != 2) return;
    std::string packet(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
    if (::recv(peer.get(), packet.data(), packet.size(), MSG_WAITALL) != static_cast<ssize_t>(packet.size()))
      return;
    ++over_tcp_;
    std::string out = reply(packet, true);
    out = word(static_cast<unsigned>(out.size())) + out;
    const std::size_t piece = drips_ ? 1 : out.size();
    while (!leaving_ && !out.empty() && ::send(peer.get(), out.data(), piece, MSG_NOSIGNAL) > 0) {
      out.erase(0, piece);
      if (!out.empty()) ::poll(nullptr, 0, 5);
    }
  }

  std::string reply(std::string_view packet, bool tcp) {
    ++questions_;
    asked_for_validation_ = (packet[3] & 0x20) != 0;
    std::string name;
    std::size_t at = 12;
    for (; packet[at] != 0; at += 1 + static_cast<std::size_t>(packet[at])) {
      if (!name.empty()) name += '.';
      name += packet.substr(at + 1, static_cast<std::size_t>(packet[at]));
    }
    const auto type = static_cast<unsigned>(static_cast<unsigned char>(packet[at + 2]));
    const auto question = packet.substr(12, at + 5 - 12);
    const bool has_edns = packet[11] != 0;
    const std::lock_guard lock(mutex_);
    const auto found = table_.find(concat(type, ' ', name));
    Scripted what;
    what.code = 3;
    if (found != table_.end()) what = found->second;
    if (what.silent) return {};
    drips_ = tcp && what.drips;
    if (what.refuses_edns && has_edns) {
      what.code = 1;
      what.records.clear();
    }
    return reply_bytes(packet.substr(0, 2), question, what, what.cut && !tcp);
  }

  Fd udp_, tcp_;
  unsigned port_ = 0;
  std::mutex mutex_;
  std::map<std::string, Scripted> table_;
  std::atomic<int> questions_{0}, over_tcp_{0};
  std::atomic<bool> leaving_{false}, asked_for_validation_{false};
  bool drips_ = false;
  std::thread thread_;
};

}  // namespace postern::net::testing
