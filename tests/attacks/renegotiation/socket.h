// A TCP connection that waits a limited time for each thing. What goes wrong is an exception here: a program that attacks
// has nothing to clean up, and its story reads better without.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace attack {

// The other side has ended the connection, or says nothing within the limit.
struct Gone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What could not even be begun: nobody listens, no STARTTLS, no certificate.
struct Unable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Lines and bytes, in both directions: plain TCP, or TLS of one kind or another.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void write(std::string_view data) = 0;
  // What has come, at least one byte. Throws Gone.
  virtual std::string some() = 0;

  // A line without its end; exactly so many bytes.
  std::string line();
  std::string bytes(std::size_t size);
  // A whole reply of SMTP, its lines joined by newlines.
  std::string reply();
  // One line of text, and the reply to it.
  std::string ask(std::string_view text);
  // What has come and was not asked for yet.
  bool has_more() const { return !buffer_.empty(); }

 private:
  std::string buffer_;
};

class Socket : public Channel {
 public:
  // Throws Unable.
  static Socket connect(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience);
  Socket(int fd, std::chrono::milliseconds patience);
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  ~Socket() override;

  void write(std::string_view data) override;
  std::string some() override;
  // Ends both directions, so that whoever reads or writes hears of it.
  void end();
  int fd() const { return fd_; }

 private:
  int fd_;
};

class Listener {
 public:
  // On 127.0.0.1; port 0: any. Throws Unable.
  explicit Listener(std::uint16_t port);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  std::uint16_t port() const { return port_; }
  // The next that connects; `patience` is for each wait of its connection. Throws Gone after the limit, if there is one.
  Socket accept(std::chrono::milliseconds patience) const;
  void limit(std::chrono::milliseconds wait) const;

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace attack
