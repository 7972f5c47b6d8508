// spawn: a command for each connection.
#include "support/spawn/spawn.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "spawn";
  program.rights.execute = true;
  program.rights.identities = true;
  program.session_is_process = true;
  return postern::daemon::run(argc, argv, program, [] { return std::make_unique<postern::spawn::Spawn>(); });
}
