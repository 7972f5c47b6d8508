#include "lib/net/tls_connection.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/text.h"
#include "lib/net/tls_errors.h"
#include "lib/net/tls_sessions.h"

namespace postern::net {

std::string tls_reasons() {
  std::string all;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!all.empty()) all += "; ";
    if (reason != nullptr) {
      all += reason;
    } else {
      char text[256];
      ERR_error_string_n(code, text, sizeof text);
      all += text;
    }
  }
  return all;
}

std::string tls_reports() {
  std::string all;
  const char *file = nullptr, *data = nullptr;
  int line = 0, flags = 0;
  while (const unsigned long code = ERR_get_error_all(&file, &line, nullptr, &data, &flags)) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    all += concat(all.empty() ? "" : "; ", text, ':', file, ':', line, ':');
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') all += concat(data, ':');
  }
  return all;
}

std::string tls_problem(std::string text) {
  const std::string reasons = tls_reasons();
  return reasons.empty() ? text : concat(text, ": ", reasons);
}

namespace {

constexpr long kNothing = -2;
// One record, and what else is there.
constexpr std::size_t kCollected = TlsRecords::kLongest;
// While shaking hands: most messages in one piece. The rest of a longer record stays with the kernel until all of it is there.
constexpr std::size_t kOfHandshake = 8192;

// A session that waits keeps no room for what is gone.
void take_off(std::string& text, std::size_t count) {
  text.erase(0, count);
  if (text.empty()) std::string().swap(text);
}

}  // namespace

// How OpenSSL reads and writes: the socket, without signals, and without asking it when it has nothing.
struct TlsTransport {
  static TlsConnection& of(BIO* bio) { return *static_cast<TlsConnection*>(BIO_get_data(bio)); }

  static int receive(BIO* bio, char* data, int size) {
    TlsConnection& self = of(bio);
    BIO_clear_retry_flags(bio);
    if (!self.records_.has_whole()) {
      if (self.guard_.is_broken()) return -1;
      const auto n = self.away_ ? kNothing : self.collect();
      if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
      if (n == 0 || (n < 0 && n != kNothing)) return static_cast<int>(n);
    }
    const std::size_t count = self.records_.take(data, static_cast<std::size_t>(size));
    if (count == 0) BIO_set_retry_read(bio);
    return count == 0 ? -1 : static_cast<int>(count);
  }

  static int send(BIO* bio, const char* data, int size) {
    TlsConnection& self = of(bio);
    BIO_clear_retry_flags(bio);
    if (self.keeps_) {
      self.kept_.append(data, static_cast<std::size_t>(size));
      return size;
    }
    if (!self.kept_.empty()) return send_behind_kept(bio, data, size);
    ssize_t n = 0;
    do {
      n = ::send(self.fd_, data, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) self.sys_ = errno;
    if (n < 0 && errno == EAGAIN) BIO_set_retry_write(bio);
    return static_cast<int>(n);
  }

  static int send_behind_kept(BIO* bio, const char* data, int size) {
    TlsConnection& self = of(bio);
    iovec parts[] = {{self.kept_.data(), self.kept_.size()},
                     {const_cast<char*>(data), static_cast<std::size_t>(size)}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    ssize_t n = 0;
    do {
      n = ::sendmsg(self.fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) self.sys_ = errno;
    const std::size_t kept = std::min(self.kept_.size(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    take_off(self.kept_, kept);
    const bool waits = n < 0 ? errno == EAGAIN : static_cast<std::size_t>(n) == kept;
    if (waits) BIO_set_retry_write(bio);
    return n < 0 || waits ? -1 : static_cast<int>(static_cast<std::size_t>(n) - kept);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return 0;
  }

  static BIO_METHOD* method() {
    static BIO_METHOD* const only = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      BIO_meth_set_read(made, &TlsTransport::receive);
      BIO_meth_set_write(made, &TlsTransport::send);
      BIO_meth_set_ctrl(made, &TlsTransport::control);
      return made;
    }();
    return only;
  }
};

TlsConnection::TlsConnection(SSL_CTX* context, int fd, Readiness& readiness)
    : context_(context), fd_(fd), readiness_(readiness) {}

TlsConnection::TlsConnection(const TlsServer& server, int fd, Readiness& readiness)
    : TlsConnection(server.context(), fd, readiness) {}

TlsConnection& TlsConnection::of(SSL* ssl) { return *static_cast<TlsConnection*>(SSL_get_app_data(ssl)); }

TlsConnection::~TlsConnection() {
  // A session whose connection ended without a word could not be resumed.
  if (ssl_ != nullptr && !dead_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  SSL_free(ssl_);
  ERR_clear_error();
}

Result<void> TlsConnection::begin() {
  ssl_ = SSL_new(context_);
  BIO* bio = ssl_ == nullptr ? nullptr : BIO_new(TlsTransport::method());
  if (bio == nullptr) return fail(Errc::io, tls_problem("new TLS connection"));
  SSL_set_app_data(ssl_, this);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_is_server(ssl_) == 1 ? SSL_set_accept_state(ssl_) : SSL_set_connect_state(ssl_);
  return {};
}

Result<std::unique_ptr<TlsConnection>> TlsConnection::client(const TlsClient& client,
                                                             const TlsClientPeer& peer, int fd,
                                                             Readiness& readiness) {
  std::unique_ptr<TlsConnection> made(new TlsConnection(client.context(), fd, readiness));
  auto ready = made->begin();
  if (ready) ready = made->configure(client, peer);
  if (!ready) return fail(ready.error());
  return made;
}

TlsConnection::Step TlsConnection::step_of(int returned) {
  const int reason = SSL_get_error(ssl_, returned);
  if (reason == SSL_ERROR_WANT_READ) return Step::wants_read;
  if (reason == SSL_ERROR_WANT_WRITE) return Step::wants_write;
  dead_ = true;
  const bool has_gone = sys_ == 0 || sys_ == ECONNRESET || sys_ == EPIPE;
  if (reason == SSL_ERROR_ZERO_RETURN || (reason == SSL_ERROR_SYSCALL && has_gone)) {
    tls_reasons();
    error_ = Error{Errc::lost, "connection closed by the peer", sys_};
    return reason == SSL_ERROR_ZERO_RETURN ? Step::closed : Step::broken;
  }
  if (reason == SSL_ERROR_SYSCALL) {
    error_ = fail_errno("TLS", sys_).value();
  } else {
    const bool whole = SSL_is_server(ssl_) == 1 || guard_.is_established();
    error_ = Error{Errc::invalid, whole ? tls_reports() : tls_problem("TLS"), 0};
  }
  return Step::broken;
}

// A breach is why OpenSSL has failed, or would not have failed.
TlsConnection::Step TlsConnection::breached() {
  dead_ = true;
  error_ = Error{Errc::denied, guard_.text(), 0};
  ERR_clear_error();
  return Step::broken;
}

TlsConnection::Step TlsConnection::conclude(int returned) {
  // RFC 7627 alone does not tell a client that its handshake is somebody else's renegotiation: OpenSSL asks for RFC 5746.
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
      ERR_GET_REASON(code) == SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED) {
    guard_.end(TlsBreach::insecure_peer, "offers no secure renegotiation (RFC 5746)");
  }
  // Newer versions of OpenSSL look at the server's choice themselves, and call it a bad extension.
  const char* function = nullptr;
  if (ERR_peek_error_func(&function) != 0 && std::string_view(function) == "tls_parse_stoc_alpn") {
    guard_.end(TlsBreach::alpn, std::string(kNotOffered));
  }
  // Of plain text OpenSSL has more to say, when it has seen enough of it.
  const bool is_told = guard_.breach() == TlsBreach::plain_text && ERR_peek_error() != 0;
  if (guard_.is_broken() && !is_told) return breached();
  if (returned == 1) return Step::done;
  const bool unexpected =
      ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_MESSAGE;
  const Step step = step_of(returned);
  if (step == Step::broken && error_.kind == Errc::invalid) guard_.fail(unexpected, error_.text);
  return step;
}

TlsConnection::Step TlsConnection::established() {
  guard_.establish();
  const bool is_secure = SSL_version(ssl_) >= TLS1_3_VERSION ||
                         SSL_get_secure_renegotiation_support(ssl_) == 1 || SSL_get_extms_support(ssl_) == 1;
  if (is_secure) return Step::done;
  guard_.end(TlsBreach::insecure_peer);
  return breached();
}

TlsConnection::Step TlsConnection::handshake() {
  if (!is_alive()) return Step::broken;
  const TlsMemory::Use use(memory_);
  ERR_clear_error();
  sys_ = 0;
  if (!away_ && !kept_.empty()) {
    const Step sent = send_kept();
    if (sent != Step::done) return sent;
  }
  keeps_ = true;
  Step step = conclude(SSL_do_handshake(ssl_));
  if (step == Step::done) step = established();
  keeps_ = away_;
  if (away_ || kept_.empty()) return step;
  // What a server of TLS 1.3 says last are tickets, for which nobody waits: they go with what it says next.
  const bool may_wait = step == Step::done && SSL_is_server(ssl_) == 1 && SSL_version(ssl_) >= TLS1_3_VERSION;
  if (may_wait) return step;
  const Step sent = send_kept();
  return sent == Step::done || step == Step::broken ? step : sent;
}

TlsConnection::Step TlsConnection::read(char* data, std::size_t size, std::size_t& count) {
  if (!is_alive()) return Step::closed;
  const TlsMemory::Use use(memory_);
  ERR_clear_error();
  sys_ = 0;
  const Step step = conclude(SSL_read_ex(ssl_, data, size, &count));
  if (step == Step::done) guard_.delivered(count);
  return step;
}

TlsConnection::Step TlsConnection::write(std::string_view data, std::size_t& count) {
  if (!is_alive()) return Step::broken;
  const TlsMemory::Use use(memory_);
  ERR_clear_error();
  sys_ = 0;
  const Step step = conclude(SSL_write_ex(ssl_, data.data(), data.size(), &count));
  if (step == Step::done) guard_.sent(count);
  return step;
}

bool TlsConnection::has_pending() const {
  return is_alive() && (SSL_has_pending(ssl_) == 1 || records_.has_whole());
}

TlsConnection::Gathered TlsConnection::gather() {
  const bool is_there = records_.has_whole() || guard_.is_broken();
  const auto n = is_there ? kNothing : collect();
  if (records_.has_whole() || guard_.is_broken()) return Gathered::record;
  return n == kNothing ? Gathered::part : Gathered::end;
}

bool TlsConnection::is_worth_reading() const {
  const bool is_short = records_.size() + records_.missing() <= kOfHandshake;
  if (is_short || guard_.is_established() || readiness_.is_ending()) return true;
  int there = 0;
  return ::ioctl(fd_, FIONREAD, &there) != 0 || static_cast<std::size_t>(there) >= records_.missing();
}

// Receives until there is a whole record, or nothing more. As recv(2); kNothing: the socket has nothing.
long TlsConnection::collect() {
  sys_ = failed_;
  if (failed_ != 0) return -1;
  char bytes[kCollected];
  const std::size_t most = guard_.is_established() ? kCollected : kOfHandshake;
  while (readiness_.may_read() && is_worth_reading()) {
    const auto n = ::recv(fd_, bytes, std::max(most, records_.missing()), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) failed_ = errno;
    if (n <= 0) sys_ = n < 0 ? failed_ : ECONNRESET;
    if (n <= 0) return n;
    if (static_cast<std::size_t>(n) < most) readiness_.drained();
    guard_.received(bytes, static_cast<std::size_t>(n));
    records_.add(std::string_view(bytes, static_cast<std::size_t>(n)));
    if (records_.has_whole() || guard_.is_broken()) return n;
  }
  readiness_.drained();
  return kNothing;
}

TlsConnection::Step TlsConnection::send_kept() {
  while (!kept_.empty()) {
    const auto n = ::send(fd_, kept_.data(), kept_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return Step::wants_write;
    if (n < 0) {
      dead_ = true;
      error_ = Error{Errc::lost, "connection closed by the peer", errno};
      return Step::broken;
    }
    take_off(kept_, static_cast<std::size_t>(n));
  }
  return Step::done;
}

void TlsConnection::forget_session() {
  if (sessions_ != nullptr) sessions_->forget(session_key_);
  sessions_ = nullptr;
}

int TlsCallbacks::new_session(SSL* ssl, SSL_SESSION* session) {
  TlsConnection& self = TlsConnection::of(ssl);
  if (self.sessions_ == nullptr) return 0;
  self.sessions_->keep(self.session_key_, session);
  return 1;
}

}  // namespace postern::net
