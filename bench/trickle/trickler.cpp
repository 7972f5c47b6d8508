#include "bench/trickle/trickler.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace postern::trickle {

namespace {

constexpr int kSegment = 536;
constexpr std::size_t kLongestLine = 2000;

sockaddr_in address_of(const char* text, unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

void set(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

}  // namespace

bool Trickler::open(const std::string& source, unsigned port) {
  *this = Trickler(*phase_);
  fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return false;
  set(fd_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (phase_->reads_slowly) {
    set(fd_.get(), SOL_SOCKET, SO_RCVBUF, 1);
    set(fd_.get(), IPPROTO_TCP, TCP_MAXSEG, kSegment);
  }
  const auto from = address_of(source.c_str(), 0);
  const auto to = address_of("127.0.0.1", port);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) return false;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    return false;
  state_ = State::connecting;
  return true;
}

std::uint32_t Trickler::interest() const {
  if (state_ == State::connecting) return EPOLLOUT;
  // Who does not read is told of the end alone.
  return state_ == State::trickling && phase_->reads_slowly ? 0U : EPOLLIN;
}

std::optional<Trickler::End> Trickler::ended() {
  if (!end_) return std::nullopt;
  const auto end = end_;
  fd_.reset();
  ssl_.reset();
  end_.reset();
  state_ = State::closed;
  return end;
}

void Trickler::finish(End end) {
  if (!end_) end_ = end;
}

void Trickler::ready(std::uint32_t events, Instant now) {
  now_ = now;
  if (state_ == State::connecting) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return finish(End::unreached);
    state_ = State::talking;
    return;
  }
  if (state_ == State::shaking_hands) return shake_hands();
  if (interest() == 0) return finish(End::closed);
  hear();
}

long Trickler::read(char* to, std::size_t size) {
  return ssl_ && state_ != State::shaking_hands ? SSL_read(ssl_.get(), to, static_cast<int>(size))
                                                : ::recv(fd_.get(), to, size, 0);
}

// Of a read or write that gave nothing.
bool Trickler::is_lost(long size) const {
  if (ssl_) {
    const int why = SSL_get_error(ssl_.get(), static_cast<int>(size));
    return why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
  }
  return size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Trickler::hear() {
  char block[4096];
  const long size = read(block, sizeof block);
  if (size <= 0) {
    if (is_lost(size)) finish(state_ == State::trickling ? (told_ ? End::told : End::closed) : End::refused);
    return;
  }
  for (const char c : std::string_view(block, static_cast<std::size_t>(size))) {
    if (c == '\n') {
      const std::string line = std::exchange(line_, {});
      heard_line(line);
    } else if (line_.size() < kLongestLine) {
      line_ += c;
    }
  }
}

void Trickler::heard_line(std::string_view line) {
  if (line.size() < 4 || line[3] == '-') return;
  heard_reply((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

void Trickler::heard_reply(int code) {
  if (code == 421) told_ = true;
  if (state_ != State::talking) return;
  if (code >= 400) return finish(End::refused);
  if (said_ < phase_->before.size()) return say(phase_->before[said_++]);
  if (phase_->encrypted && !ssl_) {
    ssl_ = client_on(fd_.get());
    state_ = State::shaking_hands;
    return shake_hands();
  }
  trickle();
}

void Trickler::shake_hands() {
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return trickle();
  if (is_lost(done)) finish(End::refused);
}

void Trickler::trickle() {
  state_ = State::trickling;
  begun_ = now_;
  push();
}

// What goes out at once, as far as the system takes it.
void Trickler::push() {
  if (pushed_ == phase_->at_once.size()) return;
  const auto rest = std::string_view(phase_->at_once).substr(pushed_);
  const long size = ssl_ ? SSL_write(ssl_.get(), rest.data(), static_cast<int>(rest.size()))
                         : ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (size > 0) pushed_ += static_cast<std::size_t>(size);
}

void Trickler::say(std::string_view text) {
  if (::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<long>(text.size()))
    finish(End::refused);
}

void Trickler::tick() {
  if (state_ != State::trickling) return;
  push();
  char octet = 0;
  if (phase_->reads_slowly) {
    if (::recv(fd_.get(), &octet, 1, 0) == 0) finish(End::closed);
    return;
  }
  octet = phase_->drip[std::min(dripped_++, phase_->drip.size() - 1)];
  const long size = ssl_ ? SSL_write(ssl_.get(), &octet, 1) : ::send(fd_.get(), &octet, 1, MSG_NOSIGNAL);
  (void)size;  // the end of a connection is heard of by reading
}

}  // namespace postern::trickle
