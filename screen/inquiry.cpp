#include "screen/inquiry.h"

#include <algorithm>

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

Inquiry::Inquiry(DnsLists& lists, const InetAddress& address) : lists_(&lists), address_(address) {}

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

std::string Inquiry::question(std::string_view domain) const {
  static constexpr char kHex[] = "0123456789abcdef";
  const bool is_v4 = address_.is_v4();
  std::string name;
  name.reserve((is_v4 ? 16 : 64) + domain.size());
  for (std::size_t i = address_.bytes.size(); i-- > (is_v4 ? 12u : 0u);) {
    const unsigned byte = address_.bytes[i];
    if (is_v4) {
      text_detail::append(name, byte);
      name += '.';
    } else {
      name += {kHex[byte & 0xf], '.', kHex[byte >> 4], '.'};
    }
  }
  return name.append(domain);
}

}  // namespace postern::screen
