// discard: the delivery agent that keeps nothing.
#include "deliver/discard/discard.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "discard";
  program.serves_services = true;
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::deliver::Discard>(); });
}
