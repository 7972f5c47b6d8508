// postcat: shows a message of the queue.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "commands/postcat/postcat.h"
#include "commands/queue/access.h"
#include "lib/base/text.h"

using namespace postern;

namespace {

constexpr const char* kHelp = R"(
  -e   the envelope: sender, recipients, what became of them so far
  -h   the header          -b   the body; without these three, all
  -o   the place of each line in front
  --json   one object for each message
  -q -v    accepted
)";

int fatal(const std::string& text) {
  std::fprintf(stderr, "postcat: fatal: %s\n", printable(text, 4000).c_str());
  return EXIT_FAILURE;
}

int run(const commands::CatRequest& request) {
  const auto directory = commands::configuration_directory(request.directory);
  if (!directory) return fatal(directory.error().text);
  const auto access = commands::QueueAccess::open(*directory);
  if (!access) return fatal(access.error().text);
  auto desk = access->desk(commands::QueueAccess::Purpose::change);
  if (!desk) return fatal(desk.error().text);
  for (const std::int64_t number : request.ids) {
    ipc::ReadMessage question;
    question.queue_id = number;
    const auto read = (*desk)->read(question);
    const std::string id = access->id_text(number);
    if (!read) return fatal(concat("open queue file ", id, ": ", read.error().text));
    const auto shown = commands::show_message(*read, id, request);
    if (!shown && shown.error().kind == Errc::lost) return EXIT_SUCCESS;
    if (!shown) return fatal(concat(id, ": ", shown.error().text));
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto request = commands::parse_cat_request({argv + std::min(argc, 1), argv + argc});
  if (!request)
    return fatal(request.error().text.empty() ? std::string(commands::kCatUsage) : request.error().text);
  if (!request->help) return run(*request);
  std::printf("%s\n%s", std::string(commands::kCatUsage).c_str(), kHelp);
  return EXIT_SUCCESS;
}
