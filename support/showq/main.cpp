// showq: answers users who ask about the queue.
#include "support/showq/showq.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "showq";
  program.rights.connect_unix = true;
  return postern::daemon::run(argc, argv, program, [] { return std::make_unique<postern::showq::Showq>(); });
}
