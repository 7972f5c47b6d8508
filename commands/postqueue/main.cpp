// postqueue: lists the mail queue, and has mail in it tried now.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "commands/postqueue/postqueue.h"
#include "lib/base/text.h"

using namespace postern;

namespace {

constexpr const char* kHelp = R"(
  -p            Postfix's table of the queue, as mailq
  -j, --json    one JSON object a line
  --long        all that is known of each message, with its next attempt and last reply
  --where COND  only messages that fit: sender like "%@x.org" and age > 1h
  --first N     no more than N messages
  --shape       recipients by domain and age; --by FIELD, --buckets N, --minutes N, --linear
  -f            try all mail now, or with --where what fits
  -i ID         try this message now
  -s SITE       try mail for this domain now
  -c DIR        the configuration directory
  -v            accepted
)";

int complain(const commands::QueueProblem& problem) {
  if (problem.status != 0)
    std::fprintf(stderr, "postqueue: fatal: %s\n", printable(problem.text, 4000).c_str());
  return problem.status;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto request = commands::parse_queue_request({argv + std::min(argc, 1), argv + argc});
  if (!request && !request.error().text.empty()) return complain({commands::kUsage, request.error().text});
  const std::string usage(commands::kQueueUsage);
  if (!request) return complain({commands::kUsage, usage.substr(0, usage.find('\n'))});
  if (request->verb != commands::QueueVerb::help) return complain(commands::run_queue_request(*request));
  std::printf("%s\n%s", usage.c_str(), kHelp);
  return EXIT_SUCCESS;
}
