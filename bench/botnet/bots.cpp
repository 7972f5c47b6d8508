#include "bench/botnet/bots.h"

#include "lib/base/text.h"
#include "lib/net/wait.h"

namespace postern::botnet {

namespace {

constexpr auto kDripEvery = milliseconds(1000);
constexpr unsigned kMostDrips = 60;

}  // namespace

class Bot {
 public:
  Bot(net::Loop& loop, const Options& options, Caller& caller)
      : loop_(loop), options_(options), caller_(caller), call_(loop, options) {}

  net::Task<void> run() {
    const bool open = co_await call_.open(bot_address(caller_));
    if (!open) co_return;
    co_await act();
  }
  const Visit& visit() const { return call_.visit; }

 private:
  net::Task<void> act() {
    switch (caller_.kind) {
      case Kind::eager: co_await speak_at_once(); break;
      case Kind::tempted: co_await speak_after_a_line(); break;
      case Kind::web: co_await post_form(); break;
      case Kind::leaves_early: co_await leave_early(); break;
      default: co_await be_greeted(); break;
    }
  }

  net::Task<void> be_greeted() {
    const int code = co_await call_.greeting();
    if (code != 220) co_return;
    switch (caller_.kind) {
      case Kind::pipeliner: co_await send_everything(); break;
      case Kind::trickler: co_await trickle(); break;
      case Kind::listed: co_await step_by_step("\r\n"); break;
      case Kind::bare_newline: co_await step_by_step("\n"); break;
      case Kind::babbler: co_await babble(); break;
      default: break;  // leaves
    }
  }

  std::string command(unsigned step, std::string_view end) {
    switch (step) {
      case 0: return concat("EHLO bot", caller_.number, ".example", end);
      case 1: return concat("MAIL FROM:<spam", caller_.number, "@bot.example>", end);
      case 2: return concat("RCPT TO:<", options_.to, ">", end);
      default: return concat("DATA", end);
    }
  }

  net::Task<void> pause(unsigned most_ms) {
    const auto time = milliseconds(between(caller_.random, 0, most_ms));
    co_await net::sleep_until(loop_, loop_.in(time));
  }

  // The next command after each reply, whatever the reply was, as long as the server has one.
  net::Task<void> speak_at_once() {
    co_await pause(500);
    for (unsigned step = 0; step < 4; ++step) {
      const int code = co_await call_.say(command(step, "\r\n"));
      if (code == Call::kLost) co_return;
    }
  }

  net::Task<void> speak_after_a_line() {
    const bool line = co_await call_.first_line();
    if (!line) co_return;
    for (unsigned step = 0; step < 4; ++step) {
      const int code = co_await call_.say(command(step, "\r\n"));
      if (code == Call::kLost) co_return;
    }
  }

  net::Task<void> post_form() {
    co_await pause(300);
    const std::string body =
        concat(command(0, "\r\n"), command(1, "\r\n"), command(2, "\r\n"), command(3, "\r\n"));
    call_.put(concat("POST / HTTP/1.1\r\nHost: mx.example:25\r\nContent-Type: text/plain\r\nContent-Length: ",
                     body.size(), "\r\n\r\n", body));
    co_await call_.listen();
  }

  net::Task<void> leave_early() {
    const auto whole = std::chrono::duration_cast<milliseconds>(options_.greet_wait()).count();
    co_await pause(static_cast<unsigned>(whole * 9 / 10));
  }

  net::Task<void> send_everything() {
    for (unsigned step = 0; step < 4; ++step) call_.put(command(step, "\r\n"));
    co_await call_.listen();
  }

  net::Task<void> step_by_step(std::string_view end) {
    for (unsigned step = 0; step < 4; ++step) {
      const int code = co_await call_.say(command(step, end));
      if (code == Call::kLost) co_return;
      if (code >= 400) break;
    }
    call_.put(concat("QUIT", end));
    co_await call_.listen();
  }

  net::Task<void> trickle() {
    const std::string word = "EHLO drip" + std::string(kMostDrips, 'p');
    for (unsigned i = 0; i < kMostDrips; ++i) {
      call_.put(word.substr(i, 1));
      co_await call_.flush();
      const bool something = co_await call_.anything(kDripEvery);
      if (!something) continue;
      co_await call_.listen();
      co_return;
    }
    call_.visit.hung = true;
  }

  net::Task<void> babble() {
    const int code = co_await call_.say("CONNECT mail.example:25 HTTP/1.0\r\n");
    if (code == Call::kLost) co_return;
    co_await step_by_step("\r\n");
  }

  net::Loop& loop_;
  const Options& options_;
  Caller& caller_;
  Call call_;
};

net::Task<Visit> visit_as_bot(net::Loop& loop, const Options& options, Caller caller) {
  Bot bot(loop, options, caller);
  co_await bot.run();
  co_return bot.visit();
}

}  // namespace postern::botnet
