// error: the delivery agent that says why not.
#include "deliver/error/error.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "error";
  program.serves_services = true;
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::deliver::ErrorAgent>(); });
}
