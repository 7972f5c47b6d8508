// A server without a network: the real Session over a socket pair, with a fake queue behind it and a clock that
// the test moves. A test is a transcript:
//
//   SmtpdFixture client;
//   client.expect("220 mx.example *");
//   client.says("HELO client.example");
//   client.expect("250 mx.example");
#pragma once

#include <sys/mman.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/session.h"
#include "tests/smtpd/fake_queue.h"

namespace postern::smtpd::testing {

// True when the text is as the pattern says, in which '*' stands for anything.
inline bool fits(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  const auto rest = pattern.substr(star + 1);
  for (std::size_t skip = star; skip <= text.size(); ++skip) {
    if (fits(rest, text.substr(skip))) return true;
  }
  return false;
}

inline constexpr std::string_view kMainCf =
    "myhostname = mx.example\n"
    "mydestination = home.example\n"
    "mynetworks = 192.0.2.0/24\n"
    "compatibility_level = 3.6\n"
    "alias_maps =\n"
    "local_recipient_maps = inline:{ann=x,bob=x}\n"
    "virtual_mailbox_domains = virtual.example\n"
    "virtual_mailbox_maps = inline:{eve@virtual.example=x}\n"
    "recipient_delimiter = +\n";

// Everything that the sessions of a process share.
class Host {
 public:
  // `main_cf`: lines that come after those above, and win.
  explicit Host(std::string_view main_cf = "")
      : log_(::memfd_create("log", MFD_CLOEXEC)),
        queue(loop),
        settings(*config::MainCf::parse(concat(kMainCf, main_cf))),
        setup(std::move(*Setup::load(settings))),
        resolver(std::move(*table::Resolver::open(settings))),
        policy(std::move(*Policy::open(*setup, settings, *resolver))),
        cleanup(loop, queue.path()),
        qmgr(loop, queue.path()),
        shared{loop, *setup, *resolver, *policy, names, cleanup, qmgr, ids} {
    log::open({"smtpd", "", log::Target::descriptor, Fd(::fcntl(log_.get(), F_DUPFD_CLOEXEC, 3))});
    loop.advance(seconds(0));
  }

  // The lines of the log so far, without time and program.
  std::vector<std::string> log_lines() {
    log::flush();
    std::string text(static_cast<std::size_t>(::lseek(log_.get(), 0, SEEK_END)), '\0');
    REQUIRE(::pread(log_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    std::vector<std::string> lines;
    for (const auto line : split_fields(text, '\n')) {
      const auto start = line.find("]: ");
      if (start != std::string_view::npos) lines.emplace_back(line.substr(start + 3));
    }
    return lines;
  }
  int logged(std::string_view pattern) {
    int count = 0;
    for (const std::string& line : log_lines()) count += fits(pattern, line);
    return count;
  }

 private:
  Fd log_;

 public:
  net::Loop loop;
  FakeQueue queue;
  config::Settings settings;
  std::unique_ptr<Setup> setup;
  std::unique_ptr<table::Resolver> resolver;
  std::unique_ptr<Policy> policy;
  HostNames names{"192.0.2.9 friend.example friend\n"};
  mail::QueueIdSource ids{7};
  ipc::Client cleanup, qmgr;
  Shared shared;
};

inline net::Task<void> converse(Shared& shared, net::Accepted connection) {
  Session session(shared, std::move(connection));
  co_await session.run();
}

inline net::Task<void> go_on(Shared& shared, net::Accepted connection, std::unique_ptr<ipc::HandedOver> state,
                             Fd channel) {
  Session session(shared, std::move(connection));
  co_await session.resume(std::move(state), std::move(channel));
}

template <class Function>
void each_session(Shared& shared, Function function) {
  shared.sessions.each([&](Conversation& session) {
    function(session);
    return false;
  });
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
};

}  // namespace postern::smtpd::testing
