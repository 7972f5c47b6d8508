// spawn: runs a command for each connection, which is its standard input, output and error. Any program that a
// person could talk to in a terminal is a service by it, a policy server before all.
#pragma once

#include <set>

#include "lib/config/command_words.h"
#include "lib/daemon/command.h"
#include "lib/daemon/service.h"
#include "lib/net/wait.h"

namespace postern::spawn {

class Spawn : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  void started() override;
  net::Task<void> serve(net::Accepted connection) override;
  void leave(daemon::Leave why) override;

 private:
  Result<daemon::Command> start(net::Accepted connection) const;
  // Waits for its end, and ends it when that does not come in time.
  net::Task<void> attend(daemon::Command& command);
  void report(int status) const;

  daemon::Context* context_ = nullptr;
  config::CommandWords command_;
  daemon::Identity identity_;
  std::vector<std::string> environment_;
  Duration limit_{};
  bool stopping_ = false;
  std::set<daemon::Command*> running_;
  std::unique_ptr<net::Event> child_ended_;
};

}  // namespace postern::spawn
