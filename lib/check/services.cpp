#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/check/programs.h"
#include "lib/config/place.h"
#include "lib/config/service_options.h"

namespace postern::check {

namespace {

using config::Service;
using config::SocketType;

// They act for users: deliver to them, or run commands for them.
constexpr std::string_view kPrivileged[] = {"local", "pipe", "spawn", "virtual"};

// They need a trigger and no more: these alone may have a FIFO.
constexpr std::string_view kTriggered[] = {"flush", "pickup"};

// They read datagrams themselves.
constexpr std::string_view kReaders[] = {"postlogd"};

// What every service program understands, beside -o, -v and -D; and who takes more than options.
constexpr std::string_view kOptions = "lzucdntsim";
constexpr std::string_view kWithArguments[] = {"pipe", "spawn"};

template <std::size_t N>
bool is_among(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

class ServiceCheck {
 public:
  explicit ServiceCheck(Configuration& configuration)
      : configuration_(configuration),
        directory_(config::service_directory(configuration.settings()).value_or("")),
        programs_(directory_) {}

  void run() {
    check_directory();
    for (const Service& service : configuration_.services()) {
      check_program(service);
      check_type(service);
      check_arguments(service);
      check_privilege(service);
      check_debugger(service);
      if (service.command == "qmgr" && service.process_limit != 1) {
        say(Severity::error, service, "qmgr owns the queue alone: write 1 as its process limit");
      }
    }
    if (configuration_.services().empty()) {
      configuration_.add({Severity::error, configuration_.master().path(), 0, "no service", {}});
    }
  }

 private:
  void say(Severity severity, const Service& service, std::string_view text) {
    configuration_.about_service(severity, service, text);
  }

  void check_type(const Service& service) {
    if (!is_known_program(service.command)) return;
    if (service.type == SocketType::fifo && !is_among(kTriggered, service.command)) {
      say(Severity::error, service, "a FIFO takes no connections of other services: write unix");
    }
    if (service.type == SocketType::unix_dgram && !is_among(kReaders, service.command)) {
      say(Severity::error, service, "a datagram socket takes no connections of other services: write unix");
    }
  }

  // A program of another maker may understand what it likes.
  void check_arguments(const Service& service) {
    const bool is_ours = !directory_.empty() && is_known_program(service.command) &&
                         programs_.find(service.command).presence == Presence::ready;
    if (!is_ours) return;
    constexpr std::string_view kOption = "option/";
    for (const auto& [name, value] : config::options_of(service)) {
      const bool is_option = name.starts_with(kOption);
      if (!is_option || kOptions.find(name.back()) != std::string_view::npos) continue;
      say(Severity::error, service, concat("program ", service.command, ": unknown option -", name.back()));
    }
    if (service.operands.empty() || is_among(kWithArguments, service.command)) return;
    say(Severity::error, service,
        concat("program ", service.command, " takes options alone, not \"",
               printable(service.operands.front(), 100), "\""));
  }

  // The program itself judges by what it was built to do; here the names of the programs of Postfix tell.
  void check_privilege(const Service& service) {
    const bool needs_root = is_among(kPrivileged, service.command);
    // What spawn lacks is said where its command is looked at.
    if (needs_root && service.unprivileged && service.command != "spawn") {
      say(Severity::warning, service,
          concat("program ", service.command, " needs privileged operation: write n in the fourth field"));
    }
    if (!needs_root && !service.unprivileged && is_known_program(service.command)) {
      say(Severity::warning, service,
          concat("program ", service.command,
                 " runs as mail_owner all the same: n in the fourth field has no effect"));
    }
  }

  void check_debugger(const Service& service) {
    if (!service.debug || !configuration_.settings().raw("debugger_command").value_or("").empty()) return;
    const bool own = std::any_of(service.overrides.begin(), service.overrides.end(),
                                 [](const auto& pair) { return pair.first == "debugger_command"; });
    if (!own) say(Severity::error, service, "option -D, and no debugger_command is set");
  }

  void check_directory() {
    struct stat status {};
    if (directory_.empty()) return;  // its value is bad, which was said
    const auto* set = configuration_.find_setting("daemon_directory");
    if (set != nullptr && config::is_directory_of_postfix(set->value) && directory_ != set->value) {
      configuration_.about(
          Severity::note, *set,
          concat("daemon_directory: the programs of Postfix are not used, but those in ", directory_));
    }
    int problem = ::stat(directory_.c_str(), &status) != 0 ? errno : 0;
    if (problem == 0 && !S_ISDIR(status.st_mode)) problem = ENOTDIR;
    if (problem == 0) return;
    configuration_.about_parameter(
        Severity::warning, "daemon_directory",
        concat("parameter daemon_directory: ", directory_, ": ", std::strerror(problem)));
  }

  void check_program(const Service& service) {
    if (directory_.empty()) return;
    const Program& program = programs_.find(service.command);
    switch (program.presence) {
      case Presence::ready: return;
      case Presence::folded: return say(Severity::note, service, program.why);
      case Presence::not_installed: return say(Severity::note, service, concat("not started: ", program.why));
      case Presence::faulty: return say(Severity::warning, service, concat("cannot run: ", program.why));
    }
  }

  Configuration& configuration_;
  std::string directory_;
  Programs programs_;
};

}  // namespace

void check_services(Configuration& configuration) { ServiceCheck(configuration).run(); }

}  // namespace postern::check
