#include "bench/botnet/senders.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/wait.h"

namespace postern::botnet {

class Sender {
 public:
  Sender(net::Loop& loop, const Options& options, Caller& caller, Delivery& delivery)
      : loop_(loop), options_(options), caller_(caller), delivery_(delivery), call_(loop, options) {}

  net::Task<void> run(std::string source) {
    const bool open = co_await call_.open(source);
    if (!open) co_return;
    const int code = co_await call_.greeting();
    if (code == Call::kLost) co_return;
    if (code == 220) {
      co_await converse();
    }
    if (call_.visit.closed || call_.visit.hung) co_return;
    call_.put("QUIT\r\n");
    const int goodbye = co_await call_.reply();
    (void)goodbye;
  }
  const Visit& visit() const { return call_.visit; }
  bool delivered() const { return delivered_; }

 private:
  net::Task<void> converse() {
    const int hello =
        co_await call_.say(concat("EHLO out", caller_.number, ".", trait(caller_.kind).name, ".example\r\n"));
    if (hello != 250) co_return;
    const std::string mail = concat("MAIL FROM:<", id(), "@", trait(caller_.kind).name, ".example>\r\n");
    const std::string rcpt = concat("RCPT TO:<", options_.to, ">\r\n");
    if (call_.text().find("PIPELINING") != std::string::npos) {
      co_await pipeline(concat(mail, rcpt, "DATA\r\n"));
    } else {
      co_await take_turns(mail, rcpt);
    }
  }

  net::Task<void> pipeline(std::string commands) {
    const auto begun = loop_.now();
    const int mail = co_await call_.say(commands);
    const int rcpt = co_await call_.reply();
    const int data = co_await call_.reply();
    delivery_.rcpt_reply = loop_.now() - begun;
    if (data != 354) co_return;
    if (mail == 250 && rcpt == 250) {
      co_await content();
    }
  }

  net::Task<void> take_turns(std::string mail, std::string rcpt) {
    const int from = co_await call_.say(mail);
    if (from != 250) co_return;
    const auto begun = loop_.now();
    const int to = co_await call_.say(rcpt);
    delivery_.rcpt_reply = loop_.now() - begun;
    if (to != 250) co_return;
    const int data = co_await call_.say("DATA\r\n");
    if (data != 354) co_return;
    co_await content();
  }

  net::Task<void> content() {
    call_.put(concat("From: <", id(), "@", trait(caller_.kind).name,
                     ".example>\r\nSubject: wanted\r\nMessage-ID: <", id(), "@", trait(caller_.kind).name,
                     ".example>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n", "A line of text.\r\n"));
    const int code = co_await call_.say(".\r\n");
    delivered_ = code == 250;
  }

  std::string id() const { return concat("m", caller_.number); }

  net::Loop& loop_;
  const Options& options_;
  Caller& caller_;
  Delivery& delivery_;
  Call call_;
  bool delivered_ = false;
};

namespace {

// How long the sender waits after its attempt: ours doubles the time as Postfix does, the others in shorter steps.
Duration pause_after(const Options& options, const Caller& caller, unsigned attempt) {
  const auto first = milliseconds(options["retry_ms"]);
  return caller.kind == Kind::postfix ? first * (1u << std::min(attempt - 1, 4u))
                                      : first * std::min(attempt, 6u);
}

}  // namespace

net::Task<Delivery> send_message(net::Loop& loop, const Options& options, Caller caller,
                                 std::function<void(const Visit&)> tell) {
  Delivery delivery;
  const auto begun = loop.now();
  std::string source;
  while (delivery.attempts < options["attempts"]) {
    ++delivery.attempts;
    source = sender_address(caller, source);
    Sender sender(loop, options, caller, delivery);
    co_await sender.run(source);
    tell(sender.visit());
    delivery.delivered = sender.delivered();
    if (sender.visit().refusal >= 500) delivery.refused = true;
    delivery.greeting_late = sender.visit().greeting_after - options.greet_wait();
    if (delivery.delivered || delivery.refused) break;
    co_await net::sleep_until(loop, loop.in(pause_after(options, caller, delivery.attempts)));
  }
  delivery.time = loop.now() - begun;
  co_return delivery;
}

}  // namespace postern::botnet
