// A server of type pass at the other end of the hand-over, which does well or ill.
#include "screen/handover.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <functional>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/passing.h"
#include "lib/ipc/frame.h"
#include "lib/net/readiness.h"
#include "lib/net/wait.h"
#include "lib/screening/tests.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

using namespace postern;
using namespace postern::screen;
using net::testing::heard;
using net::testing::Pair;
using net::testing::turn_until;

namespace {

using Lines = std::vector<std::string>;

// What a server does with the connections that come to it, in order.
using Deed = std::function<void(daemon::Passed)>;

class Scene {
 public:
  Scene() : log_(::memfd_create("log", MFD_CLOEXEC)), before_(std::filesystem::current_path()) {
    log::open({"postscreen", "", log::Target::descriptor, Fd(::fcntl(log_.get(), F_DUPFD_CLOEXEC, 3))});
    std::filesystem::create_directory(directory_.path("private"));
    std::filesystem::current_path(directory_.path());
  }
  ~Scene() { std::filesystem::current_path(before_); }

  void listen(int backlog = 10) {
    listener_ = *net::listen_on(*net::Endpoint::unix_path("private/smtpd"), backlog);
  }
  // One connection for each deed; a deed that is null lets the server die with it.
  void serve(std::vector<Deed> deeds) {
    listen();
    for (Deed& deed : deeds) deeds_.push_back(std::move(deed));
    servers.spawn(accept());
  }

  Result<void> give(ipc::HandedOver state, std::unique_ptr<Sequel> sequel = nullptr) {
    return net::testing::finish(loop, handover.give(std::move(state), pair.theirs.get(), std::move(sequel)));
  }

  int logged(std::string_view text) {
    log::flush();
    std::string all(static_cast<std::size_t>(::lseek(log_.get(), 0, SEEK_END)), '\0');
    REQUIRE(::pread(log_.get(), all.data(), all.size(), 0) == static_cast<ssize_t>(all.size()));
    int count = 0;
    for (const auto line : split_fields(all, '\n')) count += line.ends_with(text);
    return count;
  }

 private:
  net::Task<void> accept() {
    net::Readiness readiness(loop, listener_.get());
    for (std::size_t at = 0; at < deeds_.size();) {
      auto connection = net::accept_from(listener_.get());
      if (connection) {
        servers.spawn(take(std::move(connection->fd), deeds_[at++]));
      } else {
        const bool came = co_await readiness.readable(Deadline::max());
        if (!came) co_return;
      }
    }
  }
  net::Task<void> take(Fd connection, Deed deed) {
    if (!deed) co_return;
    auto passed = co_await daemon::receive_passed(loop, std::move(connection));
    REQUIRE_MESSAGE(passed, passed.error().text);
    deed(std::move(*passed));
  }

  Fd log_;
  TemporaryDirectory directory_;
  std::filesystem::path before_;
  Fd listener_;
  std::vector<Deed> deeds_;

 public:
  net::Loop loop;
  Pair pair;  // ours: the client; theirs: the session
  Handover handover{loop, "smtpd"};
  net::Scope servers{loop};
};

// Notes what it is told.
struct Notes : Sequel {
  explicit Notes(Lines& to) : lines(to) {}
  ~Notes() override { lines.push_back("end"); }
  void failed(const ipc::Offence& offence) override {
    lines.push_back(concat("failed ", offence.test, " ", offence.after, " ", offence.text));
  }
  void passed(const ipc::Watched& watched) override {
    lines.push_back(watched.accepted ? "passed yes" : "passed no");
  }
  Lines& lines;
};

template <class Message>
void tell(const Fd& channel, const Message& message) {
  std::string frame;
  ipc::append_message(frame, message, 0);
  net::testing::say(channel, frame);
}

ipc::HandedOver begun() {
  ipc::HandedOver state;
  state.client_address = "2001:db8::1";
  state.client_port = 4711;
  state.server_address = "192.0.2.2";
  state.server_port = 25;
  state.heard = ipc::Heard::greeting;
  state.said = {"EHLO a\tb", "MAIL FROM:<\x80\\>"};
  state.pipelining = false;
  state.tests = screening::kDeepTests.bits();
  state.unread = std::string("RCPT TO:<x@y>\r\n\0more", 20);
  return state;
}

}  // namespace

TEST_CASE("a session of which nothing need be known is a bare one") {
  Scene scene;
  int served = 0;
  scene.serve({[&](daemon::Passed passed) {
    CHECK(passed.state == nullptr);
    CHECK(!passed.channel);
    net::testing::say(passed.session->fd, "220 hello\r\n");
    ++served;
  }});
  ipc::HandedOver teased;
  teased.heard = ipc::Heard::teaser;
  teased.server_address = "192.0.2.2";
  CHECK(Handover::is_plain(teased));
  CHECK(scene.give(std::move(teased)));
  CHECK(served == 1);
  CHECK(heard(scene.pair.ours) == "220 hello\r\n");
}

TEST_CASE("a session that has begun comes with all that is known of it, and reports come back") {
  Scene scene;
  Fd channel, session;
  scene.serve({[&](daemon::Passed passed) {
    const ipc::HandedOver sent = begun();
    REQUIRE(passed.state);
    CHECK(passed.session->peer.address() == "2001:db8::1");
    CHECK(passed.session->peer.port() == 4711);
    CHECK(passed.state->said == sent.said);
    CHECK(passed.state->unread == sent.unread);
    CHECK(passed.state->heard == sent.heard);
    CHECK(!passed.state->pipelining);
    CHECK(passed.state->tests == sent.tests);
    session = std::move(passed.session->fd);
    channel = std::move(passed.channel);
    ipc::Offence early;
    early.test = 2;
    early.after = "RCPT";
    early.text = "DATA\r\n";
    std::string frames;
    ipc::append_message(frames, ipc::Begun(), 0);
    ipc::append_message(frames, early, 0);
    net::testing::say(channel, frames);
  }});
  Lines lines;
  CHECK(scene.give(begun(), std::make_unique<Notes>(lines)));
  CHECK(scene.handover.watched() == 1);
  turn_until(scene.loop, [&] { return !lines.empty(); });
  CHECK(lines == Lines{"failed 2 RCPT DATA\r\n"});
  ipc::Watched watched;
  watched.accepted = true;
  tell(channel, watched);
  turn_until(scene.loop, [&] { return lines.size() == 3; });
  CHECK(lines == Lines{"failed 2 RCPT DATA\r\n", "passed yes", "end"});
  CHECK(scene.handover.watched() == 0);
}

TEST_CASE("a session may come with more than fits into one message") {
  Scene scene;
  std::string came;
  scene.serve({[&](daemon::Passed passed) {
    came = passed.state->unread;
    tell(passed.channel, ipc::Begun());
  }});
  ipc::HandedOver state = begun();
  state.unread = std::string(200'000, 'x');
  CHECK(scene.give(std::move(state)));
  CHECK(came == std::string(200'000, 'x'));
}

TEST_CASE("a server that dies before it has the session is not the last one") {
  for (const bool plain : {false, true}) {
    Scene scene;
    int served = 0;
    scene.serve({nullptr, [&](daemon::Passed passed) {
                   ++served;
                   if (passed.state) tell(passed.channel, ipc::Begun());
                 }});
    CHECK(scene.give(plain ? ipc::HandedOver() : begun()));
    CHECK(served == 1);
  }
}

TEST_CASE("when two of them die the session is the caller's") {
  for (const bool plain : {false, true}) {
    Scene scene;
    scene.serve({nullptr, nullptr});
    const auto given = scene.give(plain ? ipc::HandedOver() : begun());
    REQUIRE(!given);
    CHECK(given.error().kind == Errc::io);
    CHECK(scene.logged(
              "warning: cannot pass connection to service private/smtpd: Connection reset by peer") == 1);
    net::testing::say(scene.pair.theirs, "421 x\r\n");
    CHECK(heard(scene.pair.ours) == "421 x\r\n");
  }
}

TEST_CASE("a service that knows no sessions that have begun gets none") {
  Scene scene;
  const Deed refuse = [](daemon::Passed) {};
  scene.serve({refuse, refuse});
  const auto given = scene.give(begun());
  REQUIRE(!given);
  CHECK(given.error().kind == Errc::io);
}

TEST_CASE("without a server all are busy") {
  Scene none;
  const auto given = none.give(begun());
  REQUIRE(!given);
  CHECK(given.error().kind == Errc::busy);
  CHECK(none.logged("warning: cannot connect to service private/smtpd: No such file or directory") == 1);
}

TEST_CASE("a server that has no room for a second is busy") {
  Scene scene;
  scene.listen(0);
  std::vector<net::Task<void>> attempts;
  std::vector<std::optional<Result<void>>> results(3);
  for (auto& result : results) {
    attempts.push_back(
        net::testing::keep(scene.handover.give(begun(), scene.pair.theirs.get(), nullptr), result));
    attempts.back().handle().resume();
  }
  // One or two are in the queue of the socket; the others wait.
  for (int tick = 0; tick < 20; ++tick) {
    scene.loop.advance(milliseconds(100));
    scene.loop.poll();
  }
  REQUIRE(results.back());
  CHECK(results.back()->error().kind == Errc::busy);
  CHECK(scene.logged("warning: cannot connect to service private/smtpd: Connection timed out") >= 1);
  CHECK(!results.front());
  scene.loop.advance(kTakeLimit);
  scene.loop.poll();
  REQUIRE(results.front());
  CHECK(results.front()->error().kind == Errc::timeout);
  CHECK(scene.logged("warning: timeout sending connection to service private/smtpd") >= 1);
}

TEST_CASE("a server that talks nonsense is not listened to") {
  const auto frame_of = [](const auto& message) {
    std::string frame;
    ipc::append_message(frame, message, 0);
    return frame;
  };
  const std::string started = frame_of(ipc::Begun());
  ipc::Offence offence;
  offence.text = std::string(500, 'x');
  std::string flood;
  while (flood.size() < 40'000) flood += frame_of(offence);
  for (const std::string& words :
       {started + "x\n", started + started, started + "a 1 2 3 9\n", started + flood}) {
    Scene scene;
    Fd channel;
    scene.serve({[&](daemon::Passed passed) {
      channel = std::move(passed.channel);
      net::testing::say(channel, words);
    }});
    Lines lines;
    CHECK(scene.give(begun(), std::make_unique<Notes>(lines)));
    turn_until(scene.loop, [&] { return !lines.empty() && lines.back() == "end"; });
    CHECK(lines.size() < 40);
  }
  for (const std::string& words : {std::string("x"), frame_of(offence), std::string("begun 0 0 0 0\nxx")}) {
    Scene scene;
    const Deed deed = [&](daemon::Passed passed) { net::testing::say(passed.channel, words); };
    scene.serve({deed, deed});
    CHECK(!scene.give(begun()));
  }
}
