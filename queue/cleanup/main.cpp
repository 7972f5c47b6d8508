// cleanup: makes messages canonical on their way into the queue.
#include "queue/cleanup/cleanup.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "cleanup";
  program.serves_services = true;
  program.rights.connect_unix = true;
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::cleanup::Cleanup>(); });
}
