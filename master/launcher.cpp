#include "master/launcher.h"

#include "lib/base/text.h"
#include "lib/daemon/mark.h"

namespace postern::master {

void launch_if_foreign(Start& start, const Service& service, const config::CommonParams& params,
                       std::size_t descriptors) {
  if (daemon::carries_mark(start.path)) return;
  std::vector<std::string> words{kLauncher, "-k", std::to_string(descriptors)};
  if (service.unprivileged) words.insert(words.end(), {"-u", *params.mail_owner});
  if (service.chroot) words.insert(words.end(), {"-r", *params.queue_directory});
  words.insert(words.end(), {"--", start.path});
  words.insert(words.end(), start.words.begin(), start.words.end());
  start.words = std::move(words);
  start.path = concat(*params.daemon_directory, "/", kLauncher);
  start.launched = true;
}

}  // namespace postern::master
