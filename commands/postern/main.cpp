// postern: what an administrator types to start, stop, look at and try the mail system.
#include <cstdio>
#include <cstdlib>

#include "commands/postern/arguments.h"
#include "commands/postern/control.h"
#include "commands/postern/sandbox_verb.h"
#include "commands/postern/screening.h"
#include "commands/postern/status.h"
#include "commands/postern/tls.h"
#include "commands/postern/trace.h"
#include "lib/base/text.h"
#include "lib/config/standards.h"

using namespace postern;
using commands::Arguments;

namespace {

constexpr const char* kHelp = R"(usage: postern [-c DIRECTORY] VERB

  start      check the configuration, start, return when every service listens
  start-fg   the same, but stay in the foreground until it ends
  stop       let the services finish what they have in hand, then end
  abort      kill them
  reload     check the configuration, then read it again, and return when it is in
             force, or say why it is not; no session is dropped
  upgrade    go on with the programs that are installed now, in the same process: no socket
             is closed, sessions in hand go on to their end
  status     services, processes and their numbers
             --json, --watch [SECONDS]; or one number for scripts:
             postern status qmgr/messages
  screen     what the front door has seen, and what it cost; now, or in the past
             --last 24h, --since TIME, --until TIME, --json
  check      is the configuration good, and all that it names there?
             --json
  trace      the story of one message, from the log and the queue: postern trace QUEUE-ID
             --log FILE, --json
  sandbox    a private mail system for as long as this command runs
             --port N, --domain NAME, --dir DIRECTORY, --keep, --screen, --json, -o NAME=VALUE
  tls        keys and certificates of the server: postern tls help lists its verbs
  version
  help

The configuration directory is that of -c, or of the variable MAIL_CONFIG, or /etc/postern.
)";

Result<int> help(const Arguments&) {
  std::fputs(kHelp, stdout);
  return EXIT_SUCCESS;
}

Result<int> version(const Arguments&) {
  const std::string number(config::standard_value("mail_version").value_or(""));
  std::printf("Postern %s\n", number.c_str());
  return EXIT_SUCCESS;
}

struct Verb {
  std::string_view name;
  Result<int> (*run)(const Arguments&);
};
constexpr Verb kVerbs[] = {
    {"start", commands::start},
    {"start-fg", commands::start_in_foreground},
    {"stop", commands::stop},
    {"abort", commands::abort},
    {"reload", commands::reload},
    {"upgrade", commands::upgrade},
    {"status", commands::status},
    {"help", help},
    {"check", commands::check_configuration},
    {"version", version},
    {"sandbox", commands::sandbox},
    {"screen", commands::screening},
    {"tls", commands::tls},
    {"trace", commands::trace},
};

Result<int> obey(const std::vector<std::string>& words) {
  const auto arguments = commands::parse_arguments(words);
  if (!arguments) return fail(arguments.error());
  for (const Verb& verb : kVerbs) {
    if (verb.name == arguments->verb) return verb.run(*arguments);
  }
  return fail(Errc::invalid, concat("unknown verb: ", arguments->verb, " (postern help lists them)"));
}

}  // namespace

int main(int argc, char** argv) {
  const auto status = obey({argv + 1, argv + std::max(argc, 1)});
  if (status) return *status;
  std::fprintf(stderr, "postern: %s\n", printable(status.error().text, 4000).c_str());
  return EXIT_FAILURE;
}
