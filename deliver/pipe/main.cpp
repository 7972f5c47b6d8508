// pipe: delivers to a command of master.cf.
#include "deliver/pipe/pipe.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "pipe";
  program.serves_services = true;
  program.rights.threads = true;
  program.rights.identities = true;
  return postern::daemon::run(argc, argv, program, [] { return std::make_unique<postern::deliver::Pipe>(); });
}
