#include "lib/daemon/debugger.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "lib/base/exec.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::daemon {

namespace {

constexpr const char* kShell = "/bin/sh";
constexpr const char* kKept[] = {"TZ", "DISPLAY", "XAUTHORITY", "LANG", "HOME", "TERM"};

Result<std::vector<std::string>> environment_for(const config::Settings& settings, std::string_view program) {
  std::vector<std::string> environment;
  for (const char* name : kKept) {
    if (const char* value = ::getenv(name)) environment.push_back(concat(name, "=", value));
  }
  const auto commands = settings.value("command_directory");
  if (!commands) return fail(commands.error());
  const auto daemons = settings.value("daemon_directory");
  if (!daemons) return fail(daemons.error());
  const auto directory = settings.value("config_directory");
  if (!directory) return fail(directory.error());
  environment.push_back(concat("PATH=", *commands, ":", *daemons, ":/usr/bin:/bin"));
  environment.push_back(concat(kConfigVariable, "=", *directory));
  environment.push_back(concat("config_directory=", *directory));
  environment.push_back(concat("process_name=", program));
  environment.push_back(concat("process_id=", ::getpid()));
  return environment;
}

// With the signals as they were before the skeleton ignored some of them.
Result<pid_t> start_shell(const std::string& command, const std::vector<std::string>& environment) {
  posix_spawnattr_t attributes{};
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  sigfillset(&all);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const char* words[] = {"sh", "-c", command.c_str(), nullptr};
  pid_t shell = -1;
  const int error = ::posix_spawn(&shell, kShell, nullptr, &attributes, const_cast<char**>(words),
                                  pointers_to(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail_errno(concat("start ", kShell), error);
  return shell;
}

}  // namespace

Result<void> run_debugger(const config::Settings& settings, std::string_view command,
                          std::string_view program) {
  const std::string text(trim(command));
  if (text.empty()) return fail(Errc::invalid, "option -D: no debugger_command is set");
  const auto environment = environment_for(settings, program);
  if (!environment) return fail(environment.error());
  log_info(concat("running: ", text));
  log::flush();
  const auto shell = start_shell(text, *environment);
  if (!shell) return fail(shell.error());
  int status = 0;
  while (::waitpid(*shell, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) log_warning(concat("debugger_command killed by signal ", WTERMSIG(status)));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    log_warning(concat("debugger_command exit status ", WEXITSTATUS(status)));
  }
  return {};
}

}  // namespace postern::daemon
