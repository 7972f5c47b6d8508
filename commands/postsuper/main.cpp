// postsuper: deletes, holds, releases, requeues and expires mail in the queue.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "commands/postsuper/postsuper.h"
#include "lib/base/text.h"

using namespace postern;

namespace {

constexpr const char* kHelp = R"(
  -d ID   delete it, without a notification        --delete
  -h ID   hold it: it is not delivered             --hold
  -H ID   release it from hold                     --release
  -r ID   requeue it, as if it had just arrived    --requeue
  -e ID   return it to its sender, now             --expire
  -f ID   the same, also if it is on hold
  ID      a queue id; -: ids from standard input; ALL: all messages, or those of the queues that are named
  --where COND   with ALL or a long option: only messages that fit
  -p -s -v       accepted: nothing needs them here
  -c DIR         the configuration directory
)";

int fatal(const std::string& text, int status = EXIT_FAILURE) {
  std::fprintf(stderr, "postsuper: fatal: %s\n", printable(text, 4000).c_str());
  return status;
}

// Root, or who runs a mail system of his own.
bool is_superuser() {
  if (::getuid() == 0) return true;
  struct stat here {};
  return ::stat(".", &here) == 0 && here.st_uid == ::getuid();
}

int run(const commands::SuperRequest& request) {
  if (::geteuid() != ::getuid()) return fatal("this postfix command must not run as a set-uid process");
  const auto directory = commands::configuration_directory(request.directory);
  if (!directory) return fatal(directory.error().text);
  const auto access = commands::QueueAccess::open(*directory);
  if (::getuid() != 0 && (!access || !is_superuser())) {
    return fatal("use of this command is reserved for the superuser");
  }
  if (!access) return fatal(access.error().text);
  auto desk = access->desk(commands::QueueAccess::Purpose::change);
  if (!desk) return fatal(desk.error().text);
  const commands::MailLog log("postsuper", access->system().common());
  const auto done = commands::Super(*access, **desk, log).obey(request);
  return done ? EXIT_SUCCESS : fatal(done.error().text);
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto request = commands::parse_super_request({argv + std::min(argc, 1), argv + argc});
  if (!request)
    return fatal(request.error().text.empty() ? std::string(commands::kSuperUsage) : request.error().text);
  if (!request->help) return run(*request);
  std::printf("%s\n%s", std::string(commands::kSuperUsage).c_str(), kHelp);
  return EXIT_SUCCESS;
}
