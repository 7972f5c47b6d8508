#include "bench/botnet/call.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/socket.h"

namespace postern::botnet {

namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kMostLines = 100;

// Which of two refusals says more about what the server decided.
int weight(int code) {
  if (code == 521) return 4;
  if (code >= 500) return 3;
  if (code == 421) return 2;
  return code >= 400 ? 1 : 0;
}

}  // namespace

std::string Visit::outcome() const {
  if (accepted) return "accepted";
  if (refusal != 0) return std::to_string(refusal);
  if (hung) return "hung";
  if (closed) return "closed";
  return connected ? "left" : "no connection";
}

net::Task<bool> Call::open(std::string source) {
  auto local = net::Endpoint::parse(source, 0);
  auto server = net::Endpoint::parse("127.0.0.1", static_cast<unsigned>(options_["port"]));
  auto fd = co_await net::connect_from(loop_, *local, *server, loop_.in(options_.patience()));
  if (!fd) co_return false;
  const int on = 1;
  ::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  stream_.emplace(loop_, std::move(*fd));
  opened_ = loop_.now();
  visit.connected = true;
  co_return true;
}

void Call::heard(int code) {
  if (code == 354) visit.accepted = true;
  if (weight(code) > weight(visit.refusal)) visit.refusal = code;
}

void Call::gone(const Error& error) { (error.kind == Errc::timeout ? visit.hung : visit.closed) = true; }

net::Task<void> Call::flush() {
  auto sent = co_await stream_->flush(loop_.in(options_.patience()));
  if (!sent) gone(sent.error());
}

net::Task<int> Call::reply() {
  text_.clear();
  const auto limit = loop_.in(options_.patience());
  for (std::size_t lines = 0; lines < kMostLines; ++lines) {
    auto line = co_await stream_->read_line(kLongestLine, limit);
    if (!line) {
      gone(line.error());
      co_return kLost;
    }
    text_.append(line->text).append("\n");
    const auto code = parse_number(line->text.substr(0, 3)).value_or(0);
    if (line->text.size() > 3 && line->text[3] == '-') continue;
    heard(static_cast<int>(code));
    co_return static_cast<int>(code);
  }
  co_return kLost;
}

net::Task<int> Call::greeting() {
  const int code = co_await reply();
  visit.greeting_after = loop_.now() - opened_;
  visit.greeted = code == 220;
  co_return code;
}

net::Task<int> Call::say(std::string_view command) {
  put(command);
  co_return co_await reply();
}

net::Task<void> Call::listen() {
  for (std::size_t replies = 0; replies < kMostLines; ++replies) {
    const int code = co_await reply();
    if (code == kLost || code == 221) co_return;
  }
}

net::Task<bool> Call::first_line() {
  auto line = co_await stream_->read_line(kLongestLine, loop_.in(options_.patience()));
  if (!line) {
    gone(line.error());
    co_return false;
  }
  heard(static_cast<int>(parse_number(line->text.substr(0, 3)).value_or(0)));
  co_return true;
}

net::Task<bool> Call::anything(Duration time) {
  auto some = co_await stream_->read_some(loop_.in(time));
  if (some) stream_->unread(*some);
  co_return some || some.error().kind != Errc::timeout;
}

}  // namespace postern::botnet
