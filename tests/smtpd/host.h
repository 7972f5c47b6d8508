// A process of smtpd without a network: what its sessions share, with a fake queue behind it and a clock that the test moves.
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
  // How many of them are as the pattern says.
  int logged(std::string_view pattern) {
    int count = 0;
    for (const std::string& line : log_lines()) count += fits(pattern, line);
    return count;
  }
  // Stress begins or ends: sessions that come see what follows from it, and those that wait see it by hurry().
  void stress(bool on) {
    settings.override("stress", on ? "yes" : "");
    REQUIRE(setup->follow(settings, "stress"));
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

template <class Function>
void each_session(Shared& shared, Function function) {
  shared.sessions.each([&](Conversation& session) {
    function(session);
    return false;
  });
}

}  // namespace postern::smtpd::testing
