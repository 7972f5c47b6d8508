#include "lib/daemon/service.h"
#include "screen/service.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "screen";
  program.log_name = "postscreen";
  program.rights.connect_unix = true;  // the servers
  program.rights.threads = true;       // the writer of the cache
  program.takes_connections = true;
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::screen::Screen>(); });
}
