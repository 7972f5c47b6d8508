// pickup: takes local submissions.
#include "queue/pickup/pickup.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "pickup";
  program.wakeups = true;
  program.rights.connect_unix = true;
  program.rights.threads = true;
  program.rights.write = {"maildrop", "corrupt"};
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::pickup::Pickup>(); });
}
