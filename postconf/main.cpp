// postconf: shows and changes main.cf and master.cf as name=value pairs.
#include <csignal>
#include <cstdlib>

#include "lib/base/fd.h"
#include "postconf/run.h"

using namespace postern;

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file size is an error of the edit, not the end of the program
  postconf::Output output;
  const int status = postconf::run({argv + 1, argv + argc}, std::getenv("MAIL_CONFIG"), output);
  const auto written = write_all(1, output.out, "standard output");
  if (!written) output.err += "postconf: fatal: " + written.error().text + "\n";
  const auto told = write_all(2, output.err, "standard error");
  return written && told ? status : EXIT_FAILURE;
}
