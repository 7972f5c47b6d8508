#include "commands/sendmail/submission.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/exec.h"
#include "lib/base/text.h"

namespace postern::sendmail {

namespace {

constexpr std::size_t kBlock = 65536;

Result<pid_t> start(const std::vector<std::string>& words, int input) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  pid_t child = 0;
  const std::vector<char*> pointers = pointers_to(words);
  const int problem = ::posix_spawn(&child, words.front().c_str(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return fail_errno(concat("unable to execute ", words.front()), problem);
  return child;
}

}  // namespace

Result<Submission> Submission::begin(const Tools& tools, const queue::Dropped& envelope) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  const Fd input(ends[0]);
  Fd output(ends[1]);
  const auto child = start({concat(tools.directory, "/postdrop"), "-r", "-c", tools.config_directory}, input.get());
  if (!child) return fail(child.error());
  Submission made(*child, std::move(output));
  made.out_ = queue::format_stream_head(queue::format_dropped(envelope));
  return made;
}

Submission::Submission(Submission&& other) noexcept
    : child_(std::exchange(other.child_, 0)), pipe_(std::move(other.pipe_)), out_(std::move(other.out_)) {}

Submission::~Submission() {
  pipe_.reset();
  if (child_ != 0) wait();
}

void Submission::write(std::string_view content) {
  if (content.empty()) return;
  queue::append_piece(out_, content);
  if (out_.size() >= kBlock) flush();
}

void Submission::flush() {
  const auto written = write_all(pipe_.get(), out_, "postdrop");
  out_.clear();
  if (!written) pipe_.reset();  // it has ended: its status says why
}

int Submission::finish() {
  queue::append_piece(out_, "");
  flush();
  pipe_.reset();
  return wait();
}

int Submission::wait() {
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0) {
    if (errno != EINTR) return EX_OSERR;
  }
  child_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EX_TEMPFAIL;
}

}  // namespace postern::sendmail
