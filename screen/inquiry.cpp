#include "screen/inquiry.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "lib/base/text.h"
#include "screen/dns_lists.h"

namespace postern::screen {

void Inquiry::Waiter::leave() {
  if (inquiry_ == nullptr) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : inquiry_->waiters_) = next_;
  inquiry_ = nullptr;
}

void Inquiry::when_complete(Waiter& waiter) {
  waiter.leave();
  if (complete()) return;
  waiter.inquiry_ = this;
  waiter.previous_ = nullptr;
  waiter.next_ = waiters_;
  if (waiters_ != nullptr) waiters_->previous_ = &waiter;
  waiters_ = &waiter;
}

Inquiry::Inquiry(DnsLists& lists, const Address& address) : lists_(&lists), address_(address) {}

Inquiry::~Inquiry() {
  while (waiters_ != nullptr) waiters_->leave();
  if (lists_ != nullptr) lists_->known_.erase(this);
}

// They may let go of us; DnsLists holds us meanwhile.
void Inquiry::tell_waiters() {
  while (waiters_ != nullptr) {
    Waiter* waiter = waiters_;
    waiter->leave();
    waiter->lists_answered();
  }
}

std::string_view Inquiry::blame() const {
  return blame_ == kNobody ? std::string_view() : std::string_view(lists_->public_names_[blame_]);
}

seconds Inquiry::ttl() const {
  const std::int64_t least = lists_->min_ttl_.count(), most = lists_->max_ttl_.count();
  const std::int64_t known = ttl_ == kUnknown ? 0 : ttl_;
  return seconds(std::max(least, std::min(known, most)));
}

bool Inquiry::is_ipv4() const {
  static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(address_.data(), kMapped, sizeof kMapped) == 0;
}

std::string Inquiry::question(std::string_view domain) const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name;
  name.reserve((is_ipv4() ? 16 : 64) + domain.size());
  for (std::size_t i = address_.size(); i-- > (is_ipv4() ? 12u : 0u);) {
    const unsigned byte = address_[i];
    if (is_ipv4()) {
      text_detail::append(name, byte);
      name += '.';
    } else {
      name += {kHex[byte & 0xf], '.', kHex[byte >> 4], '.'};
    }
  }
  return name.append(domain);
}

std::string Inquiry::text() const {
  char out[INET6_ADDRSTRLEN] = "";
  const bool ipv4 = is_ipv4();
  ::inet_ntop(ipv4 ? AF_INET : AF_INET6, address_.data() + (ipv4 ? 12 : 0), out, sizeof out);
  return out;
}

}  // namespace postern::screen
