// What postqueue does: lists the queue, shows its shape, has mail tried now.
#pragma once

#include "commands/postqueue/options.h"
#include "commands/queue/access.h"

namespace postern::commands {

// A failure for which the exit status is known.
struct QueueProblem {
  int status = kUnavailable;
  std::string text;
};

// Does it; the problem that ended it, or one with status 0. What is listed goes to standard output as it comes.
QueueProblem run_queue_request(const QueueRequest& request);

}  // namespace postern::commands
