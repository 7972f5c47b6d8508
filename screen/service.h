// screen as a service: one process in front of the SMTP servers, which judges clients and hands the good ones on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/daemon/service.h"
#include "lib/net/scope.h"
#include "screen/shared.h"

namespace postern::screen {

class Screen : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  void started() override;
  // Every connection is taken at once: take() is called.
  net::Task<void> serve(net::Accepted connection) override;
  daemon::Pace take(net::Accepted connection, int listener, daemon::InHand in_hand) override;
  void stress_changed(const config::Settings& settings) override;
  void leave(daemon::Leave why) override;
  net::Task<void> finish() override;

 private:
  // Our end of the connections that a listening socket accepts; nothing when each has its own.
  struct Listener {
    int fd;
    std::optional<End> end;
  };
  const Listener& listener(int fd);
  void follow_stress(bool own);
  void count_lists();

  daemon::Context* context_ = nullptr;
  std::optional<config::Settings> settings_;  // with our own stress
  std::string stress_;                        // as master says
  std::unique_ptr<Setup> setup_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<DnsLists> lists_;
  std::optional<Counters> counters_;
  std::vector<DnsLists::Tally> counted_;  // of the lists
  std::optional<Clients> clients_;
  std::optional<Load> load_;
  std::vector<Listener> listeners_;
  std::optional<Shared> shared_;
  std::optional<Handover> handover_;  // its reports look at the clients
  std::optional<net::Scope> visits_;
};

}  // namespace postern::screen
