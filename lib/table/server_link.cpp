#include "lib/table/server_link.h"

#include <netdb.h>

#include <cstring>

#include "lib/base/text.h"

namespace postern::table {

namespace {

// As Postfix has it: of a whole lookup here.
constexpr Duration kTimeout = seconds(100);
constexpr Duration kMostIdle = seconds(10);
constexpr Duration kOldest = seconds(100);
constexpr std::size_t kMostConnections = 50;

struct Address {
  std::string host, port;
  bool is_unix = false;
};

Result<Address> parse(std::string_view server) {
  const auto bad = [&] {
    return fail(Errc::invalid,
                concat("bad server \"", printable(server, 200), "\": expected unix:path or inet:host:port"));
  };
  if (server.starts_with("unix:")) {
    if (server.size() == 5) return bad();
    return Address{std::string(server.substr(5)), "", true};
  }
  auto rest = server.starts_with("inet:") ? server.substr(5) : server;
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == rest.size()) return bad();
  auto host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Address{std::string(host.empty() ? "localhost" : host), std::string(rest.substr(colon + 1)), false};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

// A connection in use counts until the lookup is over, or was given up.
class ServerLink::Place {
 public:
  explicit Place(ServerLink& link) : link_(link) { ++link_.busy_; }
  ~Place() {
    --link_.busy_;
    link_.changed_.notify();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  ServerLink& link_;
};

Result<void> ServerLink::check(std::string_view server) {
  const auto address = parse(server);
  if (!address) return fail(address.error());
  return {};
}

Result<std::vector<net::Endpoint>> ServerLink::find(std::string_view server) {
  const auto address = parse(server);
  if (!address) return fail(address.error());
  if (address->is_unix) {
    auto endpoint = net::Endpoint::unix_path(address->host);
    if (!endpoint) return fail(endpoint.error());
    return std::vector<net::Endpoint>{*endpoint};
  }
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(address->host.c_str(), address->port.c_str(), &wanted, &list);
  if (error != 0)
    return fail(Errc::not_found, concat("server ", printable(server, 200), ": ", ::gai_strerror(error)));
  const std::unique_ptr<addrinfo, FreeAddresses> owner(list);
  std::vector<net::Endpoint> endpoints;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    net::Endpoint endpoint;
    std::memcpy(&endpoint.storage, one->ai_addr, one->ai_addrlen);
    endpoint.length = one->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

std::unique_ptr<ServerLink::Line> ServerLink::take_kept() {
  const Instant now = loop_.now();
  while (!kept_.empty()) {
    auto line = std::move(kept_.back());
    kept_.pop_back();
    if (now - line->used < kMostIdle && now - line->made < kOldest) return line;
  }
  return nullptr;
}

net::Task<Result<std::unique_ptr<ServerLink::Line>>> ServerLink::connect(Deadline deadline) {
  Error last{Errc::not_found, "no address", 0};
  for (const auto& endpoint : endpoints_) {
    auto connected = co_await net::connect_to(loop_, endpoint, deadline);
    if (connected) {
      auto line = std::make_unique<Line>(loop_, std::move(*connected));
      line->made = loop_.now();
      co_return line;
    }
    last = connected.error();
  }
  co_return fail(last);
}

net::Task<Result<std::string>> ServerLink::ask(std::string request, Reader reader) {
  const Deadline deadline = loop_.in(kTimeout);
  while (busy_ >= kMostConnections) {
    const bool changed = co_await changed_.wait(deadline);
    if (!changed) co_return fail(Errc::timeout, "too many lookups wait for the server");
  }
  const Place place(*this);
  for (;;) {
    auto line = take_kept();
    if (line == nullptr) {
      auto made = co_await connect(deadline);
      if (!made) co_return fail(made.error());
      line = std::move(*made);
    }
    auto written = co_await line->stream.write(request, deadline);
    Result<std::string> reply = fail(Errc::lost, "connection lost");
    if (written) {
      reply = co_await reader(line->stream, deadline);
    }
    if (reply && line->stream.buffered().empty()) {
      line->fresh = false;
      line->used = loop_.now();
      kept_.push_back(std::move(line));
    }
    if (reply || line->fresh || reply.error().kind != Errc::lost) co_return reply;
  }
}

}  // namespace postern::table
