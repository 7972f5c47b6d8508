// What a child may still do once it serves. Everything that is not named here is closed to it by the jail.
#pragma once

#include <string>
#include <vector>

namespace postern::daemon {

struct Rights {
  // Files and directories (with all that is below them), relative to the queue directory or absolute. They
  // are looked up before the change of root; one that does not exist then is left out.
  std::vector<std::string> read{};
  std::vector<std::string> write{};  // also create, rename, remove
  bool connect_unix = false;         // new UNIX sockets: talks to other services
  bool connect_inet = false;         // new inet sockets: talks to the network
  bool threads = false;     // starts threads, in started() or later: the jail binds who exists already not
  bool identities = false;  // takes the identity of a recipient for a time (needs an unprivileged = n entry)
  // Starts commands. They would inherit the jail, so there is none but the change of user and root.
  bool execute = false;
};

}  // namespace postern::daemon
