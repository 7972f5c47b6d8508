#include "master/service.h"

#include "lib/base/text.h"

namespace postern::master {

namespace {

// Without the type in front.
std::string_view place_of(const Address& address) {
  const std::string_view key = address.key;
  return key.substr(key.find(':') + 1);
}

}  // namespace

std::string Service::identity() const {
  std::string all(config::name_of(type));
  for (const Address& address : addresses) all += concat(" ", address.key);
  return all;
}

std::string short_address(const Service& service) {
  if (service.addresses.empty()) return service.name;
  const std::string_view place = place_of(service.addresses.front());
  const bool names_host = service.name.find(':') != std::string::npos;
  if (service.type != Type::inet || names_host) return std::string(place);
  return std::string(place.substr(place.rfind(':') + 1));
}

std::string addresses_in_words(const Service& service) {
  std::string all;
  for (const Address& address : service.addresses) all += concat(all.empty() ? "" : " ", place_of(address));
  return all;
}

bool names_loopback(const Service& service) {
  if (service.type != Type::inet || service.name.find(':') == std::string::npos) return false;
  for (const Address& address : service.addresses) {
    const std::string_view place = place_of(address);
    if (!place.starts_with("127.") && !place.starts_with("[::1]")) return false;
  }
  return true;
}

void fill_in(daemon::ServiceReport& report, const Service& service) {
  report.name = service.name;
  report.type = config::name_of(service.type);
  report.program = service.program;
  report.addresses = addresses_in_words(service);
  report.line = static_cast<std::int64_t>(service.line);
  report.is_private = service.is_private;
  report.unprivileged = service.unprivileged;
  report.chroot = service.chroot;
  report.wakeup = service.wakeup.count();
  report.wakeup_if_used = service.wakeup_if_used;
  report.process_limit = service.limit;
}

}  // namespace postern::master
