// A service to ask: its messages, its answers, and a listening socket in a directory of its own.
#pragma once

#include "lib/ipc/client.h"
#include "lib/ipc/server.h"
#include "lib/net/socket.h"
#include "lib/net/wait.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

namespace postern::ipc::testing {

struct Wish {
  std::int64_t number = 0;
  std::int64_t after = 0;  // milliseconds
  std::int64_t size = 0;   // of the answer's body
  std::string body_text;
  Fd file;
  static constexpr std::string_view name = "wish";
  static constexpr auto fields =
      std::tuple{Field{"number", &Wish::number}, Field{"after", &Wish::after}, Field{"size", &Wish::size}};
  static constexpr auto body = &Wish::body_text;
  static constexpr auto descriptor = &Wish::file;
};

struct Grant {
  std::int64_t number = 0;
  std::string body_text;
  Fd file;
  static constexpr std::string_view name = "grant";
  static constexpr auto fields = std::tuple{Field{"number", &Grant::number}};
  static constexpr auto body = &Grant::body_text;
  static constexpr auto descriptor = &Grant::file;
};

struct Remark {
  std::int64_t number = 0;
  static constexpr std::string_view name = "remark";
  static constexpr auto fields = std::tuple{Field{"number", &Remark::number}};
};

using WishCall = Call<Wish, Grant>;

class Service {
 public:
  explicit Service(net::Loop& loop, int backlog = 100) : loop_(loop), scope_(loop) {
    handlers_.on<WishCall>([this](Wish wish) { return grant(std::move(wish)); });
    handlers_.on_tell<Remark>([this](Remark remark) { remarks.push_back(remark.number); });
    listener_ = *net::listen_on(*net::Endpoint::unix_path(path()), backlog);
  }

  std::string path() const { return directory_.path("service"); }
  void open() { scope_.spawn(accept_all()); }
  // All connections break off where they stand; nobody is accepted any more.
  void die() {
    scope_.cancel();
    listener_.reset();
  }
  // A peer that the test plays itself.
  Fd accept_one() { return std::move(net::accept_from(listener_.get())->fd); }
  void serve_one(Fd fd) { scope_.spawn(serve(loop_, std::move(fd), handlers_, &farewell)); }
  std::size_t connections() const { return scope_.size(); }
  void bound(std::size_t questions, std::size_t unread) { handlers_.bound(questions, unread); }

  Farewell farewell;
  int granted = 0;
  int granting = 0;
  std::vector<std::int64_t> remarks;

 private:
  net::Task<Grant> grant(Wish wish) {
    const net::testing::Counted counted(granting);
    co_await net::sleep_until(loop_, loop_.in(milliseconds(wish.after)));
    ++granted;
    Grant answer;
    answer.number = wish.number;
    answer.body_text = wish.body_text + std::string(static_cast<std::size_t>(wish.size), 'g');
    answer.file = std::move(wish.file);
    co_return answer;
  }

  net::Task<void> accept_all() {
    net::Readiness readiness(loop_, listener_.get());
    for (;;) {
      auto accepted = net::accept_from(listener_.get());
      if (accepted) {
        serve_one(std::move(accepted->fd));
      } else {
        const bool ready = co_await readiness.readable(Deadline::max());
        if (!ready) co_return;
      }
    }
  }

  net::Loop& loop_;
  TemporaryDirectory directory_;
  Fd listener_;
  Handlers handlers_;
  net::Scope scope_;
};

// One question and what became of it.
class Asked {
 public:
  Asked(Client& client, Wish wish, Deadline deadline)
      : wish_(std::move(wish)), task_(net::testing::keep(client.ask<WishCall>(wish_, deadline), answer)) {
    task_.handle().resume();
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  std::optional<Errc> error() const {
    return answer && !*answer ? std::optional(answer->error().kind) : std::nullopt;
  }
  std::optional<Result<Grant>> answer;

 private:
  Wish wish_;
  net::Task<void> task_;
};

inline Wish wish(std::int64_t number, std::int64_t after = 0, std::int64_t size = 0) {
  Wish made;
  made.number = number;
  made.after = after;
  made.size = size;
  return made;
}

}  // namespace postern::ipc::testing
