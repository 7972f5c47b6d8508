// What a client sends in place of a TLS handshake: which names and protocols it asks for, and whether it is secure.
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>

#include "lib/net/stream.h"
#include "lib/net/tls.h"
#include "lib/net/tls_server.h"

using namespace postern;
using namespace postern::net;

namespace {

const TlsServer& server() {
  static const auto only = [] {
    TlsServerOptions options;
    options.may_be_anonymous = true;
    options.ciphers = "ALL:aNULL";
    options.alpn = {"smtp"};
    options.host = "mx.example";
    options.refuses_other_names = true;
    return std::move(*TlsServer::make(options));
  }();
  return *only;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 60'000) return 0;  // more than a socket holds
  static Loop loop;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  const Fd client(ends[1]);
  if (::send(client.get(), data, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) return 0;
  ::shutdown(client.get(), SHUT_WR);
  Stream stream(loop, Fd(ends[0]));
  auto accepting = stream.accept_tls(server(), loop.in(seconds(5)));
  accepting.handle().resume();
  for (int turns = 0; !accepting.done(); ++turns) {
    if (turns > 100) std::abort();  // the client has said all that it will ever say
    loop.poll();
  }
  const bool is_named = stream.tls_breach() != TlsBreach::none;
  if (is_named != !stream.tls_breach_text().empty()) std::abort();
  return 0;
}
