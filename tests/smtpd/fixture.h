// A server without a network: the real Session over a socket pair. A test is a transcript:
//
//   SmtpdFixture client;
//   client.expect("220 mx.example *");
//   client.says("HELO client.example");
//   client.expect("250 mx.example");
#pragma once

#include "tests/smtpd/host.h"

namespace postern::smtpd::testing {

inline constexpr std::string_view kTimeout = "421 4.4.2 mx.example Error: timeout exceeded";

inline net::Task<void> converse(Shared& shared, net::Accepted connection) {
  Session session(shared, std::move(connection));
  co_await session.run();
}

inline net::Task<void> go_on(Shared& shared, net::Accepted connection, std::unique_ptr<ipc::HandedOver> state,
                             Fd channel) {
  Session session(shared, std::move(connection));
  co_await session.resume(std::move(state), std::move(channel));
}

// One connection to a host.
class Client {
 public:
  Client(Host& host, std::string_view address) : host_(host) {
    session_ = converse(host.shared, connect(address));
    session_.handle().resume();
  }
  // One that screen hands over.
  Client(Host& host, std::string_view address, ipc::HandedOver state) : host_(host) {
    net::testing::Pair reports;
    channel_ = std::move(reports.ours);
    session_ = go_on(host.shared, connect(address), std::make_unique<ipc::HandedOver>(std::move(state)),
                     std::move(reports.theirs));
    session_.handle().resume();
  }

  void sends(std::string_view bytes) { net::testing::say(fd_, bytes); }
  void says(std::string_view line) { sends(concat(line, "\r\n")); }
  // Several lines in one write.
  void says_at_once(std::initializer_list<std::string_view> lines) {
    std::string all;
    for (const auto line : lines) all += concat(line, "\r\n");
    sends(all);
  }
  // What has come, after the server has done all it can do now.
  std::string hears() {
    for (;;) {
      host_.loop.poll();
      const std::string more = net::testing::heard(fd_);
      if (more.empty()) break;
      heard_ += more;
    }
    return std::exchange(heard_, {});
  }
  // The next reply, all of its lines, each without its line ending and joined by '|'.
  std::string next_reply() {
    heard_ = hears();
    std::string reply;
    for (bool more = true; more;) {
      const auto end = heard_.find("\r\n");
      if (end == std::string::npos) return reply + (reply.empty() ? "nothing" : " and no more");
      if (!reply.empty()) reply += '|';
      reply += heard_.substr(0, end);
      more = end > 3 && heard_[3] == '-';
      heard_.erase(0, end + 2);
    }
    return reply;
  }
  void expect(std::string_view pattern) {
    const std::string reply = next_reply();
    CAPTURE(pattern);
    if (!fits(pattern, reply)) FAIL_CHECK("got: ", reply);
  }
  void expect_silence() { CHECK(hears() == ""); }
  bool is_closed() {
    heard_ = hears();
    char byte;
    return ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }
  void hangs_up() {
    fd_.reset();
    host_.loop.poll();
  }
  bool is_over() const { return session_.done(); }
  void is_torn_down() { session_.cancel(); }
  const Fd& fd() const { return fd_; }
  // Where screen hears of a session that it handed over.
  Fd& channel() { return channel_; }

 private:
  net::Accepted connect(std::string_view address) {
    net::testing::Pair pair;
    fd_ = std::move(pair.ours);
    net::Accepted accepted;
    accepted.fd = std::move(pair.theirs);
    accepted.peer = *net::Endpoint::parse(address, 25);
    return accepted;
  }

  Host& host_;
  Fd fd_, channel_;
  std::string heard_;
  net::Task<void> session_;
};

// A host and one client.
class SmtpdFixture : public Host, public Client {
 public:
  explicit SmtpdFixture(std::string_view main_cf = "", std::string_view address = "192.0.2.1")
      : Host(main_cf), Client(static_cast<Host&>(*this), address) {}
  // Past the greeting and EHLO.
  void begin() {
    expect("220 *");
    says("EHLO client.example");
    expect("250-*");
  }
  // Up to where the content is expected.
  void begin_content() {
    begin();
    says("MAIL FROM:<ann@client.example>");
    expect("250 2.1.0 Ok");
    says("RCPT TO:<bob@home.example>");
    expect("250 2.1.5 Ok");
    says("DATA");
    expect("354 *");
  }
  void advance(Duration duration) {
    loop.poll();
    loop.advance(duration);
    loop.poll();
  }
  // The server waits for so long, and no longer.
  void expect_timeout_after(Duration duration) {
    advance(duration - seconds(1));
    expect_silence();
    advance(seconds(1));
    expect(kTimeout);
    CHECK(is_over());
  }
};

}  // namespace postern::smtpd::testing
