#include "commands/postern/sandbox.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "commands/postern/run_master.h"
#include "commands/postern/sandbox_files.h"
#include "lib/base/family.h"
#include "lib/base/text.h"
#include "lib/control/processes.h"
#include "lib/net/socket.h"

namespace postern::commands {

namespace {

constexpr int kPortAttempts = 10;

sigset_t sandbox_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  return set;
}

// One that nobody uses now. Somebody may take it before we do: then another is tried.
Result<unsigned> free_port() {
  const auto any = net::Endpoint::parse("127.0.0.1", 0);
  if (!any) return fail(any.error());
  const auto probe = net::listen_on(*any, 1);
  if (!probe) return fail(probe.error());
  return net::local_endpoint(probe->get()).port();
}

bool port_was_taken(const Error& error) {
  return error.text.find("Address already in use") != std::string::npos;
}

std::string temporary_name() {
  const char* place = ::getenv("TMPDIR");
  return concat(place == nullptr || *place != '/' ? "/tmp" : place, "/postern-XXXXXX");
}

// The owner of the mail must be able to pass through the directory when that is another than we are.
mode_t directory_mode() { return ::geteuid() == 0 ? 0755 : 0700; }

}  // namespace

void block_sandbox_signals() {
  const sigset_t set = sandbox_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

Sandbox::~Sandbox() {
  stop();
  std::error_code error;
  if (remove_) std::filesystem::remove_all(directory_, error);
}

Result<void> Sandbox::make_directory() {
  if (options_.directory.empty()) {
    directory_ = temporary_name();
    if (::mkdtemp(directory_.data()) == nullptr) return fail_errno(concat("create ", directory_), errno);
    remove_ = !options_.keep;
  } else {
    directory_ = std::filesystem::absolute(options_.directory).lexically_normal().string();
    if (directory_.size() > 1 && directory_.back() == '/') directory_.pop_back();
    if (::mkdir(directory_.c_str(), 0700) != 0) {
      if (errno == EEXIST) return {};
      return fail_errno(concat("create ", directory_), errno);
    }
  }
  if (::chmod(directory_.c_str(), directory_mode()) != 0)
    return fail_errno(concat("chmod ", directory_), errno);
  return {};
}

Result<void> Sandbox::start() {
  auto made = make_directory();
  if (!made) return made;
  // Whatever outlives master comes to us, so that we can see its end.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (::access(concat(config_directory(), "/main.cf").c_str(), F_OK) != 0) return start_on_free_port();
  const auto port = sandbox_port(directory_);
  if (!port) return fail(port.error());
  port_ = *port;
  if (options_.port != 0 && options_.port != port_) {
    return fail(Errc::invalid, concat(directory_, " has port ", port_, " in its master.cf: change it there"));
  }
  const auto started =
      start_master(concat(options_.programs, "/master"), config_directory(), Bond::ends_with_us);
  if (!started) return fail(started.error());
  master_ = *started;
  return {};
}

Result<void> Sandbox::start_on_free_port() {
  auto owner = sandbox_owner();
  if (!owner) return fail(owner.error());
  SandboxFiles files{directory_,    options_.programs, options_.domain,  std::move(*owner),
                     options_.port, options_.screen,   options_.settings};
  for (int attempt = 1;; ++attempt) {
    if (options_.port == 0) {
      const auto port = free_port();
      if (!port) return fail(port.error());
      files.port = *port;
    }
    auto written = write_sandbox(files);
    if (!written) return written;
    const auto started =
        start_master(concat(options_.programs, "/master"), config_directory(), Bond::ends_with_us);
    if (started) {
      port_ = files.port;
      master_ = *started;
      return {};
    }
    const bool again = options_.port == 0 && attempt < kPortAttempts && port_was_taken(started.error());
    if (!again) return fail(started.error());
  }
}

Result<void> Sandbox::wait() {
  const sigset_t set = sandbox_signals();
  for (;;) {
    const int number = ::sigwaitinfo(&set, nullptr);
    if (number > 0 && number != SIGCHLD) return {};
    // Master is looked at, but not yet let go: as long as it is there its number is nobody else's.
    siginfo_t end{};
    const int looked = ::waitid(P_PID, static_cast<id_t>(master_), &end, WEXITED | WNOHANG | WNOWAIT);
    if (looked != 0 || end.si_pid != master_) continue;
    stop();
    if (end.si_code == CLD_EXITED && end.si_status == 0) return {};
    const char* how = end.si_code == CLD_EXITED ? "with status " : "by signal ";
    return fail(Errc::lost, concat("master ended ", how, end.si_status));
  }
}

void Sandbox::stop() {
  if (master_ <= 0) return;
  const pid_t group = master_;
  auto stopped = stop_master(master_);
  master_ = -1;
  if (!stopped) ::kill(-group, SIGKILL);
  // Orphans of a master that was killed still finish what they have in hand: they are given no time for it.
  ::kill(-group, SIGKILL);
  // And what is in groups of its own.
  kill_families(own_children);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

}  // namespace postern::commands
