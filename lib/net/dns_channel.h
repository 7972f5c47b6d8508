// Questions to DNS servers: c-ares, driven by our loop. It sends, repeats, changes servers and goes over to TCP; what
// comes back is read by dns_packet.h.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/net/dns.h"
#include "lib/net/dns_packet.h"
#include "lib/net/wait.h"

struct ares_channeldata;

namespace postern::net {

class DnsChannel : Timer {
 public:
  // Reads resolv.conf. Fails with invalid (a server's address), io (the library).
  static Result<std::unique_ptr<DnsChannel>> make(Loop& loop, const Dns::Options& options);
  ~DnsChannel() override;

  // Asks one question; equal ones that are under way share the answer.
  Task<DnsReply> ask(std::string name, DnsType type, Deadline deadline);

  // Of resolv.conf: the domains that a short name is tried in, and how many dots make it long.
  const std::vector<std::string>& search_domains() const { return domains_; }
  int dots() const { return dots_; }

 private:
  struct Query;
  struct Socket;
  explicit DnsChannel(Loop& loop);
  Result<void> open(const Dns::Options& options);
  Result<void> set_servers(const std::vector<std::string>& servers);
  void keep_search_domains();
  void send(const std::shared_ptr<Query>& query);
  unsigned short fresh_id() const;
  void watch(int fd, bool readable, bool writable);
  void schedule();
  void time_came() override;
  static void socket_changed(void* self, int fd, int readable, int writable);
  static void answered(void* query, int status, int timeouts, unsigned char* packet, int length);

  Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::vector<std::string> domains_;
  int dots_ = 1;
  std::unordered_map<int, std::unique_ptr<Socket>> sockets_;
  // Two owners: this table until the answer is there, and whoever waits for it, who may have left before.
  std::unordered_map<std::string, std::shared_ptr<Query>> queries_;
  std::unordered_set<unsigned short> ids_;
  Event room_;
};

}  // namespace postern::net
