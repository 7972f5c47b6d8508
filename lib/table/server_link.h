// Connections to a server that answers lookups: kept, used again, one lookup on each at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"

namespace postern::table {

class ServerLink {
 public:
  // The addresses of a server: "unix:PATH", "inet:HOST:PORT" or "HOST:PORT", with an address of IPv6 in brackets. Names
  // are looked up here, before the jail. Fails with invalid or not_found.
  static Result<std::vector<net::Endpoint>> find(std::string_view server);
  // Only whether it has that form.
  static Result<void> check(std::string_view server);

  ServerLink(net::Loop& loop, std::vector<net::Endpoint> endpoints)
      : loop_(loop), endpoints_(std::move(endpoints)), changed_(loop) {}

  // The reply to a request, which the reader takes from the stream. A connection that was kept and turns out to be
  // closed is replaced once. Fails with timeout, lost, invalid (as the reader says) or io.
  using Reader = net::Task<Result<std::string>> (*)(net::Stream& stream, Deadline deadline);
  net::Task<Result<std::string>> ask(std::string request, Reader reader);

 private:
  struct Line {
    Line(net::Loop& loop, Fd fd) : stream(loop, std::move(fd)) {}
    net::Stream stream;
    Instant made{}, used{};
    bool fresh = true;
  };
  class Place;

  net::Task<Result<std::unique_ptr<Line>>> connect(Deadline deadline);
  std::unique_ptr<Line> take_kept();

  net::Loop& loop_;
  std::vector<net::Endpoint> endpoints_;
  std::vector<std::unique_ptr<Line>> kept_;
  std::size_t busy_ = 0;
  net::Event changed_;
};

}  // namespace postern::table
