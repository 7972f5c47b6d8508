#include "master/child.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/readiness.h"
#include "lib/net/socket.h"
#include "lib/net/wait.h"

namespace postern::master {

using daemon::State;
using daemon::Status;

namespace {

// A process that never stops talking gets this much of our time in one turn.
constexpr int kMostRecords = 64;
constexpr Duration kPause = milliseconds(10);
constexpr int kMostTurnsAtEnd = 64;

}  // namespace

Child::Child(net::Loop& loop, Birth birth, Fd status, Fd errors)
    : loop_(loop), birth_(birth), status_(std::move(status)), errors_(std::move(errors)), tasks_(loop) {}

std::unique_ptr<Child> Child::resume(net::Loop& loop, const HandedChild& handed) {
  const Birth birth{handed.pid, handed.slot, handed.generation, loop.now() - milliseconds(handed.age)};
  auto child = std::make_unique<Child>(loop, birth, Fd(handed.status), Fd(handed.errors));
  child->state_ = handed.state;
  child->was_available_ = handed.was_available;
  child->was_busy_ = handed.was_busy;
  child->told_ = handed.was_told;
  child->leads_.reset();
  child->last_words_ = handed.last_words;
  return child;
}

HandedChild Child::hand_over() const {
  HandedChild handed;
  handed.pid = birth_.pid;
  handed.slot = birth_.slot;
  handed.generation = birth_.generation;
  handed.age = std::chrono::duration_cast<milliseconds>(loop_.now() - birth_.when).count();
  handed.status = status_.get();
  handed.errors = errors_.get();
  handed.state = state_;
  handed.was_available = was_available_;
  handed.was_busy = was_busy_;
  handed.was_told = told_;
  handed.last_words = last_words_;
  return handed;
}

void Child::listen(std::string program, std::function<void()> changed) {
  program_ = std::move(program);
  changed_ = std::move(changed);
  tasks_.spawn(follow());
  if (errors_) tasks_.spawn(follow_errors());
}

void Child::ask_to_leave() {
  if (told_) return;
  told_ = true;
  ::shutdown(status_.get(), SHUT_WR);
}

void Child::send_signal(int number) const { ::kill(pid(), number); }

bool Child::take(std::string_view record) {
  Status status;
  if (record.size() < sizeof status) return false;
  std::memcpy(&status, record.data(), sizeof status);
  const bool known = status.state >= State::available && status.state <= State::relieved;
  if (!known || status.pid != static_cast<std::uint32_t>(pid()) || status.generation != birth_.generation) {
    if (bad_records_++ == 0) {
      log_warning(concat("process ", program_, " pid ", pid(), ": status record of process ", status.pid,
                         ", generation ", status.generation, " ignored"));
    }
    return false;
  }
  last_words_ = printable(record.substr(sizeof status), daemon::kLastWords);
  was_available_ = was_available_ || status.state != State::leaving;
  was_busy_ = was_busy_ || status.state == State::busy;
  const bool changed = state_ != status.state || stuck_;
  stuck_ = false;
  state_ = status.state;
  return changed;
}

void Child::found_stuck(std::uint64_t turns, Instant now) {
  stuck_ = true;
  stuck_turns_ = turns;
  stuck_since_ = now;
}

void Child::kill_hung() {
  hung_ = true;
  send_signal(SIGKILL);
}

std::optional<Instant> Child::still_since(std::uint64_t turns, Instant now) {
  if (turns != last_turns_) last_turn_ = now;
  last_turns_ = turns;
  if (turns == 0 || last_turn_ == now) return std::nullopt;
  return last_turn_;
}

bool Child::has_come_back(std::uint64_t turns) {
  if (!stuck_ || turns == stuck_turns_) return false;
  stuck_ = false;
  return true;
}

void Child::tell_stress(bool stressed) const {
  const std::string_view word = stressed ? daemon::kStressed : daemon::kNotStressed;
  net::send_with(status_.get(), word, {});
}

void Child::tell_role(bool leads) {
  if (leads_ == leads) return;
  leads_ = leads;
  net::send_with(status_.get(), leads ? daemon::kLeads : daemon::kHelps, {});
}

bool Child::catch_up() {
  std::array<char, sizeof(Status) + daemon::kLastWords> record;
  bool changed = false;
  for (int taken = 0; taken < kMostRecords; ++taken) {
    const ssize_t got = ::recv(status_.get(), record.data(), record.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    channel_ended_ = got == 0 || (got < 0 && errno != EAGAIN);
    heard_all_ = got <= 0;
    if (heard_all_) break;
    changed |= take(std::string_view(record.data(), static_cast<std::size_t>(got)));
  }
  return changed;
}

void Child::catch_up_at_end() {
  for (int turn = 0; turn < kMostTurnsAtEnd && !channel_ended_; ++turn) {
    catch_up();
    if (heard_all_) break;
  }
  for (int turn = 0; turn < kMostTurnsAtEnd && hear_errors(); ++turn) {
  }
  if (errors_) spoken_.end(loop_.now(), [this](std::string_view line) { say(line); });
}

void Child::say(std::string_view line) const {
  log_warning(concat("process ", program_, " pid ", pid(), ": ", line));
}

bool Child::hear_errors() {
  std::array<char, 4096> bytes;
  const ssize_t got = errors_ ? ::read(errors_.get(), bytes.data(), bytes.size()) : 0;
  if (got < 0) return errno == EINTR;
  errors_ended_ = got == 0;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  spoken_.take(text, loop_.now(), [this](std::string_view line) { say(line); });
  return got > 0;
}

net::Task<void> Child::follow_errors() {
  net::Readiness readiness(loop_, errors_.get());
  for (;;) {
    while (hear_errors()) {
      co_await net::sleep_until(loop_, loop_.in(kPause));
    }
    if (errors_ended_) co_return;
    const bool came = co_await readiness.readable(Deadline::max());  // as long as the child lives
    if (!came) continue;
  }
}

net::Task<void> Child::follow() {
  net::Readiness readiness(loop_, status_.get());
  for (;;) {
    if (catch_up()) changed_();
    if (channel_ended_) co_return;
    if (!heard_all_) {
      co_await net::sleep_until(loop_, loop_.in(kPause));
      continue;
    }
    const bool came = co_await readiness.readable(Deadline::max());  // as long as the child lives
    if (!came) continue;
  }
}

}  // namespace postern::master
