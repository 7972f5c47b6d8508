// bounce: tells senders what became of their mail.
#include "queue/bounce/bounce.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "bounce";
  program.serves_services = true;
  program.rights.connect_unix = true;
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::bounce::Bounce>(); });
}
