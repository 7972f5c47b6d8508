// A server that keeps to a script, on the loop of the test. A line of a script is
//   "S: text"   what it says, CR LF behind it
//   "C: text"   what it must hear next; '*' stands for any text
//   "body"      everything up to the final dot
//   "silence"   nothing more is said, until the client leaves
//   "R: text"   bytes that it sends as they are
//   "pause N"   so many seconds in which it does nothing
//   "sip N"     everything up to the final dot, at most N bytes a second
// At its end the connection is closed. What did not fit is in `surprises`.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <deque>
#include <string>
#include <vector>

#include "lib/net/scope.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "lib/net/wait.h"
#include "tests/deliver/like.h"

namespace postern::smtp {

using Script = std::vector<std::string>;

class Remote {
 public:
  explicit Remote(net::Loop& loop, net::Endpoint at = *net::Endpoint::parse("127.0.0.1", 0))
      : loop_(loop), scope_(loop) {
    auto fd = net::listen_on(at, 16);
    REQUIRE(fd);
    listener_ = std::move(*fd);
    port = net::local_endpoint(listener_.get()).port();
    scope_.spawn(accept());
  }

  // The script of the next connection; the last one is used for all that follow.
  void expects(Script script) { scripts_.push_back(std::move(script)); }

  unsigned port = 0;
  std::vector<std::string> surprises;
  std::vector<std::string> bodies;
  std::vector<std::string> heard;  // commands
  std::size_t connections = 0;

 private:
  net::Task<void> accept() {
    net::Readiness ready(loop_, listener_.get());
    for (;;) {
      auto accepted = net::accept_from(listener_.get());
      if (accepted) {
        ++connections;
        if (!scripts_.empty()) {
          last_ = scripts_.front();
          scripts_.pop_front();
        }
        scope_.spawn(talk(std::move(accepted->fd), last_));
        continue;
      }
      ready.drained();
      const bool more = co_await ready.readable(Deadline::max());  // until the test ends
      if (!more) co_return;
    }
  }

  net::Task<void> talk(Fd fd, Script script) {
    net::Stream stream(loop_, std::move(fd));
    for (const std::string& line : script) {
      if (line.starts_with("S: ")) {
        stream.put(line.substr(3) + "\r\n");
        auto sent = co_await stream.flush(Deadline::max());
        if (!sent) co_return;
        continue;
      }
      if (line.starts_with("R: ")) {
        auto sent = co_await stream.write(line.substr(3), Deadline::max());
        if (!sent) co_return;
        continue;
      }
      if (line.starts_with("pause ")) {
        co_await net::sleep_until(loop_, loop_.in(seconds(std::stoi(line.substr(6)))));
        continue;
      }
      if (line.starts_with("sip ")) {
        const bool whole = co_await sip(stream, std::stoul(line.substr(4)));
        if (!whole) co_return;
        continue;
      }
      if (line == "silence") {
        for (;;) {
          auto more = co_await stream.read_some(Deadline::max());
          if (!more) co_return;
        }
      }
      std::string body;
      for (;;) {
        auto got = co_await stream.read_line(100'000, Deadline::max());
        if (!got) {
          surprises.push_back("lost before " + line);
          co_return;
        }
        const std::string text(got->text);
        if (line != "body") {
          heard.push_back(text);
          if (!deliver::like(text, line.substr(3)))
            surprises.push_back(text + " instead of " + line.substr(3));
          break;
        }
        if (text == ".") {
          bodies.push_back(body);
          break;
        }
        body += text + "\n";
      }
    }
  }

  // Past the stream, which would read ahead.
  net::Task<bool> sip(net::Stream& stream, std::size_t bytes) {
    std::string body(stream.buffered());
    stream.discard_input();
    std::string room(bytes, '\0');
    while (!body.ends_with("\r\n.\r\n")) {
      const auto n = ::recv(stream.fd(), room.data(), room.size(), MSG_DONTWAIT);
      if (n == 0) co_return false;
      if (n > 0) body.append(room, 0, static_cast<std::size_t>(n));
      co_await net::sleep_until(loop_, loop_.in(seconds(1)));
    }
    bodies.push_back(body);
    co_return true;
  }

  net::Loop& loop_;
  Fd listener_;
  std::deque<Script> scripts_;
  Script last_;
  net::Scope scope_;
};

}  // namespace postern::smtp
