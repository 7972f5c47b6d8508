// An agent at one end of a socket pair, and qmgr, which is the test, at the other.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "deliver/common/agent.h"
#include "lib/base/log.h"
#include "lib/ipc/connection.h"
#include "lib/mail/queue_id.h"
#include "tests/deliver/wait_until.h"
#include "tests/lib/base/temporary_directory.h"

namespace postern::deliver {

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A message for some recipients: "ann@example.com", or "ann@example.com<original@example.com".
inline ipc::Deliver message_for(const std::vector<std::string>& addresses) {
  ipc::Deliver message;
  message.queue_id = 0xABC;
  message.sender = "sender@example.org";
  message.nexthop = "nexthop.example";
  message.arrived = message.activated = wall_micros();
  message.content = "Subject: hello\n\nbody\n";
  for (const auto& text : addresses) {
    ipc::DeliverTo to;
    to.number = 100 + static_cast<std::int64_t>(message.recipients.size());
    to.address = text.substr(0, text.find('<'));
    if (text.find('<') != text.npos) to.original = text.substr(text.find('<') + 1);
    message.recipients.push_back(to);
  }
  return message;
}

template <class A>
class AgentFixture {
 public:
  explicit AgentFixture(const std::string& main_cf, ServiceEntry entry = {}) : receiving_(loop) {
    auto parsed =
        config::MainCf::parse(main_cf + "\nmyhostname = mx.example.com\nmail_owner = bin\n", "main.cf");
    REQUIRE(parsed);
    const config::Settings settings(std::move(*parsed));
    auto ready = agent.configure(settings, loop, rights, std::move(entry));
    if (!ready) FAIL(ready.error().text);
    agent.started();
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    asker_.emplace(loop, Fd(ends[0]), ipc::Connection::Side::connected);
    receiving_.spawn(serve(Fd(ends[1])));
    receiving_.spawn(receive());
    log::open({"postfix/agent", "host", log::Target::descriptor,
               std::move(*open_file(directory.path("log"), O_WRONLY | O_CREAT | O_APPEND))});
  }
  ~AgentFixture() { log::open({}); }

  void send(const ipc::Deliver& message) { asker_->send(message, ++sent); }
  // Runs the loop until the question has its answer.
  ipc::Delivered answer_to(std::uint64_t id) {
    wait_until(loop, [&] { return answers.count(id) != 0; });
    return answers.at(id);
  }
  // "sent 2.0.0 text", for a message with one recipient.
  std::string deliver(const ipc::Deliver& message) {
    send(message);
    const auto answer = answer_to(sent);
    REQUIRE(answer.results.size() == 1);
    return text(answer.results[0]);
  }
  static std::string text(const ipc::DeliveryResult& result) {
    static constexpr std::string_view kWords[] = {"sent ", "deferred ", "bounced "};
    return std::string(kWords[static_cast<int>(result.status)]) + result.dsn + " " + result.text;
  }
  std::string log_text() {
    log::flush();
    return text_of(directory.path("log"));
  }

  const TemporaryDirectory directory;
  net::Loop loop;
  A agent;
  daemon::Rights rights;
  std::map<std::uint64_t, ipc::Delivered> answers;
  std::uint64_t sent = 0;

 private:
  net::Task<void> serve(Fd fd) {
    net::Accepted accepted;
    accepted.fd = std::move(fd);
    co_await agent.serve(std::move(accepted));
  }
  net::Task<void> receive() {
    for (;;) {
      auto frame = co_await asker_->receive(Deadline::max());
      if (!frame) co_return;
      const auto id = frame->id;
      auto answer = ipc::decode_message<ipc::Delivered>(std::move(*frame));
      if (answer) answers.emplace(id, std::move(*answer));
    }
  }

  std::optional<ipc::Connection> asker_;
  net::Scope receiving_;
};

}  // namespace postern::deliver
