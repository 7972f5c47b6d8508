// master: see master.h. What stands here is about the process that the caller sees.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "master/background.h"
#include "master/configuration.h"
#include "master/instance.h"
#include "master/master.h"
#include "master/options.h"
#include "master/trial.h"

using namespace postern;

namespace {

int fail_with(const Error& error) {
  log_fatal(error.text);
  log::finish();
  return EXIT_FAILURE;
}

int test_lock(const master::Options& options) {
  const auto configuration =
      master::read_configuration(options.config_directory, config::Texts::read(options.config_directory));
  if (!configuration) return fail_with(configuration.error());
  return master::is_running((*configuration)->common) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int test_upgrade(const master::Options& options) {
  const auto possible = master::could_take_over(options);
  if (!possible) return fail_with(possible.error());
  std::fprintf(stderr, "%s\n", std::string(master::kCouldTakeOver).c_str());
  return EXIT_SUCCESS;
}

int go_on(const master::Options& options) {
  master::Master master(options);
  auto taken = master.take_over();
  if (!taken) return fail_with(taken.error());
  master.run();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // who reads the log may go away
  log::open({"postfix/master", "", log::Target::descriptor, Fd()});
  ::umask(077);
  const auto options = master::parse_options(argc, argv);
  if (!options) return fail_with(options.error());
  if (options->test && options->handover_fd >= 0) return test_upgrade(*options);
  if (options->test) return test_lock(*options);
  if (options->handover_fd >= 0) return go_on(*options);
  auto ready = master::enter_background(*options);
  if (!ready) return fail_with(ready.error());
  master::Master master(*options);
  auto started = master.start();
  if (!started) {
    // Whoever started us looks at standard error, not into the log.
    if (master.has_log()) std::fprintf(stderr, "postfix/master: fatal: %s\n", started.error().text.c_str());
    return fail_with(started.error());
  }
  ready->tell();
  master.run();
  return EXIT_SUCCESS;
}
