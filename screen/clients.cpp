#include "screen/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "lib/base/text.h"

namespace postern::screen {

namespace {

constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const End::Address& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

std::string text_of(const End::Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_mapped(address)) {
    ::inet_ntop(AF_INET, address.data() + kMapped.size(), text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

}  // namespace

End End::of(const net::Endpoint& endpoint) {
  End end;
  if (endpoint.storage.ss_family == AF_INET) {
    sockaddr_in inet;
    std::memcpy(&inet, &endpoint.storage, sizeof inet);
    std::copy(kMapped.begin(), kMapped.end(), end.address.begin());
    std::memcpy(end.address.data() + kMapped.size(), &inet.sin_addr, sizeof inet.sin_addr);
    end.port = ntohs(inet.sin_port);
    end.is_inet = true;
  } else if (endpoint.storage.ss_family == AF_INET6) {
    sockaddr_in6 inet;
    std::memcpy(&inet, &endpoint.storage, sizeof inet);
    std::memcpy(end.address.data(), &inet.sin6_addr, sizeof inet.sin6_addr);
    end.port = ntohs(inet.sin6_port);
    end.is_inet = true;
  }
  return end;
}

net::Endpoint End::endpoint() const {
  net::Endpoint endpoint;
  if (!is_inet) return endpoint;
  if (is_v4()) {
    sockaddr_in inet{};
    inet.sin_family = AF_INET;
    inet.sin_port = htons(port);
    std::memcpy(&inet.sin_addr, address.data() + kMapped.size(), sizeof inet.sin_addr);
    std::memcpy(&endpoint.storage, &inet, sizeof inet);
    endpoint.length = sizeof inet;
  } else {
    sockaddr_in6 inet{};
    inet.sin6_family = AF_INET6;
    inet.sin6_port = htons(port);
    std::memcpy(&inet.sin6_addr, address.data(), sizeof inet.sin6_addr);
    std::memcpy(&endpoint.storage, &inet, sizeof inet);
    endpoint.length = sizeof inet;
  }
  return endpoint;
}

bool End::is_v4() const { return is_mapped(address); }

std::string End::text() const { return is_inet ? text_of(address) : "unknown"; }

std::string End::name() const { return concat("[", text(), "]:", port); }

Clients::Hold& Clients::Hold::operator=(Hold&& other) noexcept {
  std::swap(clients_, other.clients_);
  std::swap(client_, other.client_);
  std::swap(address_, other.address_);
  std::swap(visiting_, other.visiting_);
  return *this;
}

void Clients::Hold::end_visit() {
  if (!std::exchange(visiting_, false)) return;
  --client_->visits;
  const auto found = clients_->connections_.find(address_);
  if (--found->second == 0) clients_->connections_.erase(found);
}

Clients::Hold Clients::Hold::share() const {
  Hold hold;
  hold.clients_ = clients_;
  hold.client_ = client_;
  hold.address_ = address_;
  ++client_->holders;
  return hold;
}

void Clients::Hold::leave() {
  if (clients_ == nullptr) return;
  end_visit();
  if (--client_->holders == 0) clients_->clients_.erase(clients_->network(address_));
  clients_ = nullptr;
}

Clients::Clients(Prefixes prefixes)
    : prefixes_(prefixes),
      clients_(0, Hash{std::random_device{}()}),
      connections_(0, Hash{std::random_device{}()}) {}

// Who chooses addresses shall not know which of them fall together.
std::size_t Clients::Hash::operator()(const End::Address& address) const {
  std::uint64_t halves[2];
  std::memcpy(halves, address.data(), sizeof halves);
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t hash = (halves[0] ^ seed) * kOdd;
  hash = ((hash ^ (hash >> 29)) + halves[1]) * (kOdd ^ (seed << 32 | 1));
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

int Clients::bits(const End::Address& address) const {
  return is_mapped(address) ? 96 + prefixes_.v4 : prefixes_.v6;
}

End::Address Clients::network(const End::Address& address) const {
  End::Address network = address;
  for (int bit = bits(address); bit < 128; ++bit) {
    network[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> bit % 8));
  }
  return network;
}

Clients::Hold Clients::visit(const End& end) {
  Hold hold;
  hold.clients_ = this;
  hold.address_ = end.address;
  hold.client_ = &clients_[network(end.address)];
  hold.visiting_ = true;
  ++hold.client_->visits;
  ++hold.client_->holders;
  ++connections_[end.address];
  return hold;
}

unsigned Clients::connections(const End& end) const {
  const auto found = connections_.find(end.address);
  return found == connections_.end() ? 0 : found->second;
}

std::string Clients::key(const End& end) const {
  const int used = bits(end.address);
  if (!end.is_inet || used == 128) return end.text();
  return concat(text_of(network(end.address)), "/", end.is_v4() ? prefixes_.v4 : prefixes_.v6);
}

}  // namespace postern::screen
