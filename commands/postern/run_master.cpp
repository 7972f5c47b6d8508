#include "commands/postern/run_master.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/family.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/control/processes.h"
#include "lib/control/traces.h"
#include "lib/daemon/contract.h"

namespace postern::commands {

namespace {

using control::wait_for_end;

constexpr auto kLongestStart = seconds(30);
// Master itself kills its children kStopLimit and a second after it has told them, those that face the network first.
constexpr auto kPatience = 2 * (daemon::kStopLimit + seconds(1)) + seconds(3);
constexpr auto kQuickly = seconds(2);
constexpr int kReadyDescriptor = 3;
constexpr char kReady = 1;

// In the new process, where only plain system calls are allowed.
[[noreturn]] void become_master(char* const* words, int ready, Bond bond, pid_t parent) {
  if (bond == Bond::ends_with_us) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(ready, STDERR_FILENO);  // where it says why it cannot start
  if (ready == kReadyDescriptor) {
    ::fcntl(ready, F_SETFD, 0);
  } else {
    ::dup2(ready, kReadyDescriptor);
  }
  ::execv(words[0], words);
  ::_exit(127);
}

// What master says until it is ready, until the end of file, or until the time is over.
struct Word {
  bool ready = false;
  std::string text;
};

Word hear(int from) {
  Word word;
  const Deadline deadline = std::chrono::steady_clock::now() + kLongestStart;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd question{from, POLLIN, 0};
    if (left <= 0 || ::poll(&question, 1, static_cast<int>(left)) == 0) {
      word.text += concat("\nnot ready after ", kLongestStart.count(), " s");
      return word;
    }
    char bytes[512];
    const ssize_t n = ::read(from, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return word;
    word.text.append(bytes, static_cast<std::size_t>(n));
    word.ready = word.text.find(kReady) != std::string::npos;
    if (word.ready) return word;
  }
}

// The last line that it said, without the words in front that are for the log.
std::string reason_in(std::string_view text) {
  const auto lines = split_words(text, "\n");
  if (lines.empty()) return "";
  std::string_view last = lines.back();
  constexpr std::string_view kFatal = "fatal: ";
  if (const auto at = last.find(kFatal); at != last.npos) last.remove_prefix(at + kFatal.size());
  return std::string(last);
}

Error why_not(const std::string& program, const Word& word, int status) {
  Error error{Errc::io, reason_in(word.text), 0};
  if (!error.text.empty()) return error;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    error.text = concat("cannot run ", program);
  } else if (WIFSIGNALED(status)) {
    error.text = concat(program, " was killed by signal ", WTERMSIG(status));
  } else {
    error.text = concat(program, " ended with status ", WEXITSTATUS(status));
  }
  return error;
}

Result<void> end(pid_t pid, int number) {
  if (::kill(pid, number) != 0 && errno != ESRCH) return fail_errno(concat("signal process ", pid), errno);
  return {};
}

Result<void> wait_for_all(const std::vector<pid_t>& processes) {
  for (const pid_t pid : processes) {
    if (!wait_for_end(pid, kQuickly)) return fail(Errc::busy, concat("process ", pid, " is still there"));
  }
  return {};
}

// A master that is held here cannot start another child.
Result<void> kill_all(pid_t master) {
  auto told = end(master, SIGSTOP);
  if (!told) return told;
  auto all = descendants_of(master);
  all.push_back(master);
  kill_below(master);
  told = end(master, SIGKILL);
  return told ? wait_for_all(all) : told;
}

}  // namespace

Result<pid_t> start_master(const std::string& program, const std::string& directory, Bond bond) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  std::string words[] = {program, "-c", directory, "-R", std::to_string(kReadyDescriptor)};
  char* pointers[] = {words[0].data(), words[1].data(), words[2].data(),
                      words[3].data(), words[4].data(), nullptr};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("fork", errno);
  if (child == 0) become_master(pointers, theirs.get(), bond, parent);
  theirs.reset();
  const Word word = hear(ours.get());
  if (word.ready) return child;
  if (!wait_for_end(child, seconds(1))) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  return fail(why_not(program, word, status));
}

Result<void> stop_master(pid_t master) {
  const auto children = descendants_of(master);
  auto told = end(master, SIGTERM);
  if (!told) return told;
  if (!wait_for_end(master, kPatience)) return kill_all(master);
  return wait_for_all(children);
}

Result<void> abort_master(const control::MailSystem& system, pid_t master) {
  const auto children = descendants_of(master);
  auto told = end(master, SIGQUIT);
  if (!told) return told;
  auto ended = wait_for_end(master, kQuickly) ? wait_for_all(children) : kill_all(master);
  if (!ended) return ended;
  return control::remove_traces(system);
}

}  // namespace postern::commands
