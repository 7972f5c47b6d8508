// smtp and lmtp: deliver mail to other hosts. One program; its name says which protocol it speaks.
#include <cstring>
#include <string_view>

#include "lib/daemon/service.h"
#include "smtp/service.h"

int main(int argc, char** argv) {
  using namespace postern;
  const char* slash = argc > 0 ? std::strrchr(argv[0], '/') : nullptr;
  const std::string_view name = slash != nullptr ? slash + 1 : argc > 0 ? argv[0] : "smtp";
  const auto side = name == "lmtp" ? smtp::Side::lmtp : smtp::Side::smtp;
  daemon::Program program;
  program.name = side == smtp::Side::lmtp ? "lmtp" : "smtp";
  program.serves_services = true;
  program.rights.connect_inet = true;
  program.rights.connect_unix = true;  // LMTP servers, tables that a server answers
  program.rights.threads = true;       // the writer of the TLS history
  return daemon::run(argc, argv, program, [side] { return std::make_unique<smtp::Client>(side); });
}
