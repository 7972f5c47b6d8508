#include "screen/clients.h"

#include "lib/base/text.h"

namespace postern::screen {

End End::of(const net::Endpoint& endpoint) {
  const auto address = endpoint.inet();
  if (!address) return {};
  return {*address, static_cast<std::uint16_t>(endpoint.port()), true};
}

std::string End::text() const { return is_inet ? address.text() : "unknown"; }

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

InetAddress Clients::network(const InetAddress& address) const {
  return address.network(address.is_v4() ? prefixes_.v4 : prefixes_.v6);
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
  const bool is_v4 = end.address.is_v4();
  const int bits = is_v4 ? prefixes_.v4 : prefixes_.v6;
  if (!end.is_inet || bits == (is_v4 ? 32 : 128)) return end.text();
  return concat(network(end.address).text(), "/", bits);
}

}  // namespace postern::screen
