#include "commands/postern/control.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "commands/postern/run_master.h"
#include "commands/postern/tls_files.h"
#include "lib/base/json.h"
#include "lib/base/log_destination.h"
#include "lib/base/text.h"
#include "lib/check/check.h"
#include "lib/config/place.h"
#include "lib/control/mail_system.h"
#include "lib/control/processes.h"
#include "lib/control/reload.h"
#include "lib/control/traces.h"
#include "lib/control/upgrade.h"

namespace postern::commands {

namespace {

using control::MailSystem;

// One that was just killed is there for a moment.
constexpr Duration kLastMoment = milliseconds(200);

void say(const std::string& text) { std::printf("postern: %s\n", text.c_str()); }

using check::Severity;
using Findings = std::vector<check::Finding>;

// A directory that cannot be read is a finding too.
Findings findings_of(const std::string& directory) {
  const auto subject = check::read_subject(directory);
  if (!subject) return {{Severity::error, {}, 0, subject.error().text, {}}};
  return check::check(*subject);
}

void complain(Severity severity, const Findings& findings) {
  for (const auto& finding : findings) {
    if (finding.severity != severity) continue;
    const std::string line = printable(check::text_of(finding), 4000);
    std::fprintf(stderr, "postern: %s: %s\n", std::string(check::name_of(severity)).c_str(), line.c_str());
  }
}

// True when there is no error. Warnings are shown too.
bool is_good(const std::string& directory) {
  const Findings findings = findings_of(directory);
  complain(Severity::warning, findings);
  complain(Severity::error, findings);
  return !check::has_error(findings);
}

Result<void> no_more(const Arguments& arguments) {
  auto rest = Words(arguments.words).rest(0);
  if (!rest) return fail(rest.error());
  return {};
}

// That a server has no key yet is no reason not to start.
void make_keys(const MailSystem& system) {
  const auto made = make_missing_keys(system.settings(), system.directory());
  if (!made) std::fprintf(stderr, "postern: warning: %s\n", printable(made.error().text, 4000).c_str());
  if (!made) return;
  for (const auto& path : *made) say(concat("new: ", path, ", a key and its own certificate"));
}

// The program to start, unless the configuration is bad or a master runs.
Result<std::string> master_to_start(const MailSystem& system) {
  make_keys(system);
  if (!is_good(system.directory())) return fail(Errc::invalid, "not started: see the errors above");
  const auto pid = system.master();
  if (pid && !control::wait_for_end(*pid, kLastMoment)) {
    return fail(Errc::busy, concat("the mail system is already running, process ", *pid));
  }
  const auto directory = config::service_directory(system.settings());
  if (!directory) return fail(directory.error());
  std::string program = concat(*directory, "/master");
  if (::access(program.c_str(), X_OK) != 0) return fail_errno(program, errno);
  return program;
}

Result<MailSystem> open(const Arguments& arguments) {
  auto good = no_more(arguments);
  if (!good) return fail(good.error());
  return MailSystem::open(arguments.directory);
}

// What runs can be ended whatever has become of main.cf since; who reads it anew says what is wrong with it.
Result<MailSystem> find(const Arguments& arguments) {
  auto good = no_more(arguments);
  if (!good) return fail(good.error());
  return MailSystem::find(arguments.directory);
}

// A mail system whose log nobody takes looks like one that does nothing.
void warn_of_silence(const MailSystem& system) {
  const char* receiver = log::SystemLog::kPath;
  if (!system.common().maillog_file->empty() || ::access(receiver, F_OK) == 0) return;
  std::fprintf(stderr,
               "postern: warning: nobody takes the log: there is no %s, and maillog_file is not set\n",
               receiver);
}

}  // namespace

Result<int> start(const Arguments& arguments) {
  const auto system = open(arguments);
  if (!system) return fail(system.error());
  const auto program = master_to_start(*system);
  if (!program) return fail(program.error());
  const auto pid = start_master(*program, system->directory(), Bond::none);
  if (!pid) return fail(pid.error().kind, concat("not started: ", pid.error().text));
  say(concat("the mail system is running, process ", *pid));
  warn_of_silence(*system);
  return EXIT_SUCCESS;
}

Result<int> start_in_foreground(const Arguments& arguments) {
  const auto system = open(arguments);
  if (!system) return fail(system.error());
  const auto program = master_to_start(*system);
  if (!program) return fail(program.error());
  // As the first process of a container master has orphans of others to wait for.
  const char* way = ::getpid() == 1 ? "-i" : "-s";
  ::execl(program->c_str(), program->c_str(), "-c", system->directory().c_str(), way, nullptr);
  return fail_errno(concat("run ", *program), errno);
}

Result<int> stop(const Arguments& arguments) {
  const auto system = find(arguments);
  if (!system) return fail(system.error());
  const auto pid = system->running_master();
  if (!pid) return fail(pid.error());
  auto stopped = stop_master(*pid);
  if (stopped) stopped = control::remove_traces(*system);  // of one that had to be killed
  if (!stopped) return fail(stopped.error());
  say("the mail system has stopped");
  return EXIT_SUCCESS;
}

Result<int> abort(const Arguments& arguments) {
  const auto system = find(arguments);
  if (!system) return fail(system.error());
  const auto pid = system->running_master();
  if (!pid) return fail(pid.error());
  auto aborted = abort_master(*system, *pid);
  if (!aborted) return fail(aborted.error());
  say("the mail system was killed");
  return EXIT_SUCCESS;
}

Result<int> reload(const Arguments& arguments) {
  const auto system = find(arguments);
  if (!system) return fail(system.error());
  const auto pid = system->running_master();
  if (!pid) return fail(pid.error());
  if (!is_good(system->directory())) {
    return fail(Errc::invalid, "not reloaded: the configuration from before stays in force");
  }
  const auto now = control::reload(*system);
  if (!now) return fail(now.error().kind, concat("not reloaded: ", now.error().text));
  say(concat("process ", now->master, " runs the new configuration, generation ", now->generation));
  return EXIT_SUCCESS;
}

Result<int> upgrade(const Arguments& arguments) {
  const auto system = find(arguments);
  if (!system) return fail(system.error());
  const auto pid = system->running_master();
  if (!pid) return fail(pid.error());
  if (!is_good(system->directory())) return fail(Errc::invalid, "not upgraded: see the errors above");
  const auto now = control::upgrade(*system);
  if (!now) return fail(now.error().kind, concat("not upgraded: ", now.error().text));
  say(concat("process ", now->master, " runs version ", now->version, ", generation ", now->generation));
  return EXIT_SUCCESS;
}

Result<int> check_configuration(const Arguments& arguments) {
  Words words(arguments.words);
  const bool json = words.flag("--json");
  auto rest = words.rest(0);
  if (!rest) return fail(rest.error());
  const Findings findings = findings_of(arguments.directory);
  if (json) {
    JsonArray all;
    for (const auto& finding : findings) all.put(check::json_of(finding));
    std::printf("%s\n", all.text().c_str());
  } else {
    for (const auto severity : {Severity::note, Severity::warning, Severity::error})
      complain(severity, findings);
  }
  return check::has_error(findings) ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace postern::commands
