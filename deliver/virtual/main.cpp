// virtual: delivers to mailboxes that belong to no account of this host.
#include "deliver/virtual/virtual.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "virtual";
  program.serves_services = true;
  program.rights.threads = true;
  program.rights.identities = true;
  return postern::daemon::run(argc, argv, program,
                              [] { return std::make_unique<postern::deliver::Virtual>(); });
}
