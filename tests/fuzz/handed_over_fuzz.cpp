// A session that is handed over to smtpd, from the message to its end. The input is the attributes of a HandedOver, an empty
// line, and what the client sent but was not answered; one that begins with 'S' is the message as it stands. The client
// sends no more. Whatever comes: the session ends, each reply is one that a client can read, and screen hears first that
// the session has begun, of each test at most once, and nothing behind the last word.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"
#include "lib/daemon/passing.h"
#include "lib/ipc/frame.h"
#include "smtpd/session.h"

using namespace postern;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

constexpr const char* kMainCf =
    "myhostname = mx.example\nmydestination = home.example\ncompatibility_level = 3.6\nalias_maps =\n"
    "mynetworks = 192.0.2.0/24\nlocal_recipient_maps = inline:{bob=x}\nsmtpd_delay_reject = no\n"
    "smtpd_helo_restrictions = check_helo_access inline:{bad.example=REJECT}\nqueue_inline_limit = 100\n"
    "smtpd_sender_restrictions = check_sender_access inline:{bad@client.example=REJECT}\n";

struct Host {
  Host() {
    log::open({"smtpd", "", log::Target::descriptor, Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC))});
    loop.advance(seconds(0));
  }
  net::Loop loop;
  config::Settings settings{*config::MainCf::parse(kMainCf)};
  std::unique_ptr<smtpd::Setup> setup = std::move(*smtpd::Setup::load(settings));
  std::unique_ptr<table::Resolver> resolver = std::move(*table::Resolver::open(settings));
  std::unique_ptr<smtpd::Policy> policy = std::move(*smtpd::Policy::open(*setup, settings, *resolver));
  smtpd::HostNames names;
  mail::QueueIdSource ids{7};
  ipc::Client nobody{loop, "/nonexistent/queue"};
  smtpd::Shared shared{loop, *setup, *resolver, *policy, names, nobody, nobody, ids};
};

struct Pair {
  Pair() {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
  }
  Fd ours, theirs;
};

std::string heard(const Fd& fd) {
  std::string all;
  char block[65536];
  for (ssize_t n = 0; (n = ::recv(fd.get(), block, sizeof block, MSG_DONTWAIT)) > 0;) {
    all.append(block, static_cast<std::size_t>(n));
  }
  return all;
}

net::Task<void> serve(Host& host, Fd connection, bool& begun) {
  auto passed = co_await daemon::receive_passed(host.loop, std::move(connection));
  if (!passed || !passed->state) co_return;
  begun = true;
  smtpd::Session session(host.shared, std::move(*passed->session));
  co_await session.resume(std::move(passed->state), std::move(passed->channel));
}

// "250-2.0.0 text", CR LF, and so on to a line without '-'.
void check_replies(std::string_view replies) {
  bool more = false;
  while (!replies.empty()) {
    const auto end = replies.find("\r\n");
    require(end != std::string_view::npos && end >= 3 && end <= 510);
    const auto line = replies.substr(0, end);
    replies.remove_prefix(end + 2);
    require(line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) && is_digit(line[2]));
    for (const char c : line) require(c >= 0x20 && c < 0x7f);
    more = line.size() > 3 && line[3] == '-';
  }
  require(!more);
}

void check_reports(std::string_view reports, bool begun) {
  ipc::FrameReader reader(true);
  reader.feed(reports);
  screening::TestSet failed;
  bool last = false;
  std::size_t frames = 0;
  for (;; ++frames) {
    auto frame = reader.next();
    require(frame.has_value());
    if (!*frame) break;
    require(!last && (frames == 0) == ((*frame)->name == ipc::Begun::name));
    if ((*frame)->name == ipc::Offence::name) {
      const auto offence = ipc::decode_message<ipc::Offence>(std::move(**frame));
      require(offence && offence->text.size() <= ipc::Offence::kLongestText);
      const auto test = static_cast<screening::Test>(offence->test);
      require(screening::kDeepTests.has(test) && !failed.has(test));
      failed.add(test);
    } else if (frames > 0) {
      last = true;
      require(ipc::decode_message<ipc::Watched>(std::move(**frame)).has_value());
    }
  }
  require(reader.empty() && begun == (frames > 0));
}

std::string message_of(std::string_view input) {
  if (input.starts_with(daemon::kBegunSession)) return std::string(input);
  const auto end = input.find("\n\n");
  const auto attributes = input.substr(0, end == std::string_view::npos ? end : end + 1);
  const auto body = end == std::string_view::npos ? std::string_view() : input.substr(end + 2);
  std::string message(1, daemon::kBegunSession);
  ipc::append_frame(message, ipc::HandedOver::name, 0, attributes, body, 1);
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Host host;
  const std::string message = message_of({reinterpret_cast<const char*>(data), size});
  if (message.size() > 60'000) return 0;  // the sockets here have no reader at that moment
  Pair client;
  Pair channel;
  require(net::send_with(channel.ours.get(), message, {client.theirs.get()}) ==
          static_cast<ssize_t>(message.size()));
  client.theirs.reset();
  ::shutdown(channel.ours.get(), SHUT_WR);
  ::shutdown(client.ours.get(), SHUT_WR);
  bool begun = false;
  auto task = serve(host, std::move(channel.theirs), begun);
  task.handle().resume();
  std::string replies;
  for (int turn = 0; !task.done(); ++turn) {
    require(turn < 10'000);
    host.loop.poll();
    host.loop.advance(seconds(1));  // errors make replies wait
    replies += heard(client.ours);
  }
  task.handle().promise().take();
  host.loop.poll();
  replies += heard(client.ours);
  if (!begun) require(replies.empty());
  check_replies(replies);
  check_reports(heard(channel.ours), begun);
  return 0;
}
