// Where services listen, and which of them would listen at one address.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/check/programs.h"
#include "lib/config/ports.h"

namespace postern::check {

namespace {

using config::Service;
using config::SocketType;

constexpr std::string_view kAny4 = "0.0.0.0", kAny6 = "::";

struct Host {
  int family = AF_INET;
  std::string address;  // in numbers
  bool is_any() const { return address == (family == AF_INET ? kAny4 : kAny6); }
};
using Hosts = std::vector<Host>;

Result<Hosts> look_up(const std::string& name) {
  struct Free {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
  };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (problem != 0) {
    return fail(Errc::not_found, concat("host not found: ", name, ": ", ::gai_strerror(problem)));
  }
  const std::unique_ptr<addrinfo, Free> list(found);
  Hosts hosts;
  for (const auto* at = list.get(); at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    hosts.push_back({at->ai_family, text});
  }
  return hosts;
}

class EndpointCheck {
 public:
  explicit EndpointCheck(Configuration& configuration) : configuration_(configuration) {}

  void run() {
    read_interfaces();
    for (const Service& service : configuration_.services()) {
      if (service.type == SocketType::inet) {
        check_inet(service);
      } else {
        check_path(service);
      }
    }
  }

 private:
  void read_interfaces() {
    const auto protocols = words_of("inet_protocols");
    const auto allows = [&](std::string_view family) {
      return std::any_of(protocols.begin(), protocols.end(),
                         [&](const auto& word) { return word == "all" || word == family; });
    };
    ipv4_ = allows("ipv4");
    ipv6_ = allows("ipv6");
    for (std::string name : words_of("inet_interfaces")) {
      if (name == "all") {
        interfaces_.push_back({AF_INET, std::string(kAny4)});
        interfaces_.push_back({AF_INET6, std::string(kAny6)});
      } else if (name == "loopback-only") {
        interfaces_.push_back({AF_INET, "127.0.0.1"});
        interfaces_.push_back({AF_INET6, "::1"});
      } else {
        if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
        const auto& hosts = hosts_of(name);
        if (hosts) interfaces_.insert(interfaces_.end(), hosts->begin(), hosts->end());
        if (!hosts) {
          configuration_.about_parameter(Severity::error, "inet_interfaces",
                                         concat("parameter inet_interfaces: ", hosts.error().text));
        }
      }
    }
  }

  config::List words_of(std::string_view parameter) const {
    const auto value = configuration_.settings().value(parameter);
    if (!value) return {};
    return config::split_braced(*value, config::kListSeparators).value_or(config::List());
  }

  const Result<Hosts>& hosts_of(const std::string& name) {
    const auto found = hosts_.find(name);
    return found != hosts_.end() ? found->second : hosts_.emplace(name, look_up(name)).first->second;
  }

  const Result<unsigned>& port_of(const std::string& name) {
    const auto found = ports_.find(name);
    return found != ports_.end() ? found->second
                                 : ports_.emplace(name, config::port_number(name)).first->second;
  }

  void check_inet(const Service& service) {
    const auto endpoint = config::parse_endpoint(service.name);
    if (!endpoint) return configuration_.about_service(Severity::error, service, endpoint.error().text);
    const auto& port = port_of(endpoint->port);
    if (!port) return configuration_.about_service(Severity::error, service, port.error().text);
    if (endpoint->host.empty()) return claim(service, interfaces_, *port);
    const auto& hosts = hosts_of(endpoint->host);
    if (!hosts) return configuration_.about_service(Severity::error, service, hosts.error().text);
    claim(service, *hosts, *port);
  }

  // Who has an address already; a service of before that has exactly these addresses is replaced.
  void claim(const Service& service, const Hosts& hosts, unsigned port) {
    if (folded_into(service.command)) return;
    std::vector<std::string> keys;
    std::string identity;
    for (const Host& host : hosts) {
      if (host.family == AF_INET ? !ipv4_ : !ipv6_) continue;
      const bool brackets = host.family == AF_INET6;
      keys.push_back(concat(brackets ? "[" : "", host.address, brackets ? "]:" : ":", port));
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const auto& key : keys) identity += key + " ";
    const auto [same, is_new] = identities_.try_emplace(identity, &service);
    if (!is_new && !keys.empty()) {
      report_same(service, *same->second);
      same->second = &service;
      return;
    }
    const Service* other = nullptr;
    for (const Host& host : hosts) {
      if (other == nullptr && (host.family == AF_INET ? ipv4_ : ipv6_)) other = owner(host, port, service);
    }
    if (other != nullptr) report_clash(service, *other);
  }

  // Whoever listens there already, or where the address is included; otherwise it is this service from now on.
  const Service* owner(const Host& host, unsigned port, const Service& service) {
    Port& at = claims_[concat(host.family == AF_INET ? "4 " : "6 ", port)];
    const auto found = at.hosts.find(host.address);
    if (found != at.hosts.end()) return found->second == &service ? nullptr : found->second;
    const Service* other = host.is_any() ? at.first : at.any;
    at.hosts.emplace(host.address, &service);
    if (host.is_any()) at.any = &service;
    if (at.first == nullptr) at.first = &service;
    return other == &service ? nullptr : other;
  }

  void report_same(const Service& service, const Service& other) {
    configuration_.add({Severity::warning, configuration_.master().path(), service.line,
                        concat("duplicate master.cf entry for service \"", service.name, "\" (",
                               config::name_of(service.type), ") -- using the last entry, not service ",
                               other.name, " on line ", other.line),
                        service.name});
  }

  void report_clash(const Service& service, const Service& other) {
    configuration_.about_service(
        Severity::error, service,
        concat("address is already in use by service ", other.name, " on line ", other.line));
  }

  // In private/ and public/ the name alone counts, whatever the type.
  void check_path(const Service& service) {
    const auto path = concat(service.private_ ? "private/" : "public/", service.name);
    if (path.size() > kLongestPath) {
      configuration_.about_service(Severity::error, service, concat("name is too long for a socket: ", path));
    }
    const auto [known, is_new] = paths_.try_emplace(path, &service);
    if (is_new) return;
    const Service& other = *known->second;
    configuration_.about_service(Severity::error, service,
                                 concat("socket ", path, " is already in use by service ", other.name,
                                        " of type ", config::name_of(other.type), " on line ", other.line));
  }

  static constexpr std::size_t kLongestPath = 107;  // of sockaddr_un
  struct Port {
    const Service* first = nullptr;  // that has any address
    const Service* any = nullptr;    // that has all of them
    ByName<const Service*> hosts;
  };

  Configuration& configuration_;
  bool ipv4_ = true, ipv6_ = true;
  Hosts interfaces_;
  ByName<Result<Hosts>> hosts_;
  ByName<Result<unsigned>> ports_;
  ByName<const Service*> identities_, paths_;
  ByName<Port> claims_;
};

}  // namespace

void check_endpoints(Configuration& configuration) { EndpointCheck(configuration).run(); }

}  // namespace postern::check
