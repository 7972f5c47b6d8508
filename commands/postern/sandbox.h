// A private mail system: own directories, a free port of the loopback interface, a domain of which every
// address exists. For trying things, and for the system tests. Needs no root; as root it uses the full jail.
#pragma once

#include <sys/types.h>

#include <string>

#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::commands {

struct SandboxOptions {
  std::string directory;  // empty: a new one below TMPDIR or /tmp, removed at the end
  unsigned port = 0;      // 0: a free one
  bool screen = false;    // screen stands in front of smtpd; clients of this host are strangers to it
  bool keep = false;      // leaves the new directory behind
  std::string domain = "sandbox.test";  // every user of it has mail in the Maildir
  config::Pairs settings;               // put into main.cf behind the sandbox's own
  std::string programs;                 // the directory of the service programs
};

class Sandbox {
 public:
  explicit Sandbox(SandboxOptions options) : options_(std::move(options)) {}
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  // Ends what runs, and removes the directory if it is ours to remove.
  ~Sandbox();

  // Makes the directory and both configuration files, unless they are there already: then they are used as
  // they are. Starts master and waits until every service listens. Fails with the reason.
  Result<void> start();

  // Until SIGINT, SIGTERM, SIGQUIT or SIGHUP (the terminal is gone) ends us, which gives success, or master
  // ends by itself, which is a failure unless it was asked to. The signals must be blocked.
  Result<void> wait();

  // Ends master and whatever it has started.
  void stop();

  const std::string& directory() const { return directory_; }
  const std::string& domain() const { return options_.domain; }
  unsigned port() const { return port_; }
  pid_t master() const { return master_; }
  std::string config_directory() const { return directory_ + "/etc"; }
  std::string queue_directory() const { return directory_ + "/queue"; }
  std::string maildir() const { return directory_ + "/mail"; }
  std::string log_file() const { return directory_ + "/mail.log"; }

 private:
  Result<void> make_directory();
  Result<void> start_on_free_port();

  SandboxOptions options_;
  std::string directory_;
  bool remove_ = false;
  unsigned port_ = 0;
  pid_t master_ = -1;
};

// Blocks the signals that wait() is for.
void block_sandbox_signals();

}  // namespace postern::commands
