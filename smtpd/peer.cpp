#include "smtpd/peer.h"

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::smtpd {

Peer::Peer(std::string_view name, std::string_view address, unsigned port)
    : text_(concat(name, '[', address, ']')),
      name_length_(static_cast<std::uint32_t>(name.size())),
      port_(port) {}

std::string_view Peer::address() const {
  return std::string_view(text_).substr(name_length_ + 1, text_.size() - name_length_ - 2);
}

HostNames HostNames::read(const std::string& path) {
  const auto text = read_file(path);
  return text ? HostNames(*text) : HostNames();
}

HostNames::HostNames(std::string_view text) {
  for (auto line : split_fields(text, '\n')) {
    const auto words = split_words(line.substr(0, line.find('#')), " \t\r");
    if (words.size() < 2) continue;
    // One address may be written in several ways.
    const auto endpoint = net::Endpoint::parse(words[0], 0);
    if (endpoint) by_address_.emplace(endpoint->address(), words[1]);
  }
}

std::string_view HostNames::name_of(std::string_view address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? std::string_view("unknown") : std::string_view(found->second);
}

}  // namespace postern::smtpd
