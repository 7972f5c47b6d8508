// qmgr: keeps the queue and decides what is delivered when.
#include "queue/qmgr/qmgr.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "qmgr";
  program.serves_services = true;
  program.rights.connect_unix = true;
  program.rights.threads = true;
  program.wakeups = true;
  return postern::daemon::run(argc, argv, program, [] { return std::make_unique<postern::qmgr::Qmgr>(); });
}
