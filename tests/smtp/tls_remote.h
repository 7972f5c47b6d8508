// A server with TLS for the tests of the client, with a certificate that is made on the spot.
#pragma once

#include <optional>
#include <thread>

#include "tests/lib/net/tls_server.h"
#include "tests/smtp/smtp_fixture.h"

namespace postern::smtp {

using net::testing::Identity;
using net::testing::issue;
using net::testing::ServerContext;

// A server in a thread that keeps to scripts, one a connection; "TLS" is a handshake.
class TlsRemote {
 public:
  // `choice`: the protocol that it chooses, whatever is offered; empty: none.
  TlsRemote(const Identity& identity, std::vector<Script> scripts, std::string choice = {})
      : context_(&identity), choice_(std::move(choice)) {
    if (!choice_.empty()) SSL_CTX_set_alpn_select_cb(context_.context, &choose, &choice_);
    auto fd = net::listen_on(*net::Endpoint::parse("127.0.0.1", 0), 16);
    REQUIRE(fd);
    listener_ = std::move(*fd);
    port = net::local_endpoint(listener_.get()).port();
    ::fcntl(listener_.get(), F_SETFL, 0);
    ::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        const Fd fd_of_one(::accept(listener_.get(), nullptr, nullptr));
        if (!fd_of_one) return;
        talk(fd_of_one.get(), script);
      }
    });
  }
  ~TlsRemote() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  void join() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([] {});
  }

  unsigned port = 0;
  std::vector<std::string> heard;  // after join()

 private:
  static int choose(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned,
                    void* argument) {
    const auto& choice = *static_cast<std::string*>(argument);
    *chosen = reinterpret_cast<const unsigned char*>(choice.data());
    *size = static_cast<unsigned char>(choice.size());
    return SSL_TLSEXT_ERR_OK;
  }

  static bool read_line(int fd, SSL* ssl, std::string& line) {
    line.clear();
    char c = 0;
    while ((ssl != nullptr ? SSL_read(ssl, &c, 1) : static_cast<int>(::read(fd, &c, 1))) == 1) {
      if (c == '\n') {
        if (line.ends_with('\r')) line.pop_back();
        return true;
      }
      line += c;
    }
    return false;
  }

  void talk(int fd, const Script& script) {
    SSL* ssl = nullptr;
    std::string line;
    for (const std::string& step : script) {
      if (step == "TLS") {
        ssl = SSL_new(context_.context);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) != 1) break;
      } else if (step.starts_with("S: ")) {
        const std::string text = step.substr(3) + "\r\n";
        if (ssl != nullptr) {
          SSL_write(ssl, text.data(), static_cast<int>(text.size()));
        } else if (::write(fd, text.data(), text.size()) < 0) {
          break;
        }
      } else {
        do {
          if (!read_line(fd, ssl, line)) break;
        } while (step == "body" && line != ".");
        heard.push_back(line);
        if (!deliver::like(line, step == "body" ? "." : step.substr(3))) {
          heard.push_back("instead of " + step);
          break;
        }
      }
    }
    SSL_free(ssl);
  }

  ServerContext context_;
  std::string choice_;
  Fd listener_;
  std::thread thread_;
};

// Up to the offer of STARTTLS, and a mail within TLS.
inline const Script kOffer = {"S: 220 mx", "C: EHLO *", "S: 250-mx", "S: 250 STARTTLS"};
inline const Script kMailByTls = {"C: EHLO *", "S: 250-mx", "S: 250 PIPELINING", "C: MAIL*",
                                  "C: RCPT*",  "C: DATA",   "S: 250 ok",         "S: 250 ok",
                                  "S: 354 go", "body",      "S: 250 2.0.0 done"};
// A mail to a server that offers nothing: one command after the other.
inline const Script kMailByLines = {"C: MAIL*", "S: 250 ok", "C: RCPT*", "S: 250 ok",
                                    "C: DATA",  "S: 354 go", "body",     "S: 250 2.0.0 done"};

inline Script joined(std::initializer_list<Script> parts) {
  Script all;
  for (const Script& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// As a next hop: this port, and no MX.
inline std::string at(unsigned port) { return "[127.0.0.1]:" + std::to_string(port); }

}  // namespace postern::smtp
