// local: delivers to the users of this host.
#include "deliver/local/local.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "local";
  program.serves_services = true;
  program.rights.threads = true;
  program.rights.identities = true;
  program.rights.connect_unix = true;  // cleanup, qmgr, and other agents
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::deliver::Local>(); });
}
