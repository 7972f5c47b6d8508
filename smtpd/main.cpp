#include "lib/daemon/service.h"
#include "smtpd/service.h"

int main(int argc, char** argv) {
  postern::daemon::Program program;
  program.name = "smtpd";
  program.rights.connect_unix = true;  // cleanup and qmgr
  return postern::daemon::run(argc, argv, program, [] { return std::make_unique<postern::smtpd::Smtpd>(); });
}
