// The clients of this moment. Visits from one address count together; what was found out about a client is shared by the
// visits of its network, as far as screen_client_prefix_v4/v6 say that this is one client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "lib/base/inet_address.h"
#include "lib/net/socket.h"
#include "lib/screening/tests.h"

namespace postern::screen {

// One end of a connection, small: an address and a port.
struct End {
  InetAddress address{};
  std::uint16_t port = 0;
  bool is_inet = false;

  static End of(const net::Endpoint& endpoint);
  std::optional<InetAddress> inet() const { return is_inet ? std::optional(address) : std::nullopt; }
  // "192.0.2.1", "2001:db8::1"; "unknown" for what is no Internet address.
  std::string text() const;
  // "[192.0.2.1]:4711"
  std::string name() const;
};

struct Prefixes {
  int v4 = 32;
  int v6 = 128;
};

// What all visits of one client know.
struct Client {
  unsigned visits = 0;    // connections that are being judged
  unsigned holders = 0;   // of this record: visits, and sessions of which a server will report
  unsigned told_new = 0;  // times that a new client was found good
  bool recalled = false;  // what the cache knows is in `passes`
  screening::Passes passes;
};

class Clients {
 public:
  explicit Clients(Prefixes prefixes) : prefixes_(prefixes) {}
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Holds the record of a client. It must go before the Clients.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept
        : clients_(std::exchange(other.clients_, nullptr)),
          client_(other.client_),
          address_(other.address_),
          visiting_(other.visiting_) {}
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { leave(); }
    Client& operator*() const { return *client_; }
    Client* operator->() const { return client_; }
    // The client is judged no longer, but its record is still wanted.
    void end_visit();
    // The record for somebody else too, who is no visit.
    Hold share() const;

   private:
    friend class Clients;
    void leave();
    Clients* clients_ = nullptr;
    Client* client_ = nullptr;
    InetAddress address_{};
    bool visiting_ = false;
  };

  // A client comes.
  Hold visit(const End& client);
  // Its connections now, from exactly this address.
  unsigned connections(const End& client) const;
  // The key of its results: "192.0.2.1", or "192.0.2.0/24".
  std::string key(const End& client) const;

 private:
  InetAddress network(const InetAddress& address) const;

  Prefixes prefixes_;
  std::unordered_map<InetAddress, Client, InetAddressHash> clients_;        // by network
  std::unordered_map<InetAddress, unsigned, InetAddressHash> connections_;  // by address
};

}  // namespace postern::screen
