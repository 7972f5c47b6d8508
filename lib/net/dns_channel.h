// Questions to DNS servers: c-ares, driven by our loop. It sends, repeats, changes servers and goes over to TCP; what
// comes back is read by dns_packet.h.
#pragma once

#include <array>
#include <bitset>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
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

  // Dns::call().
  bool call(std::unique_ptr<DnsCall>& call);

  // Of resolv.conf: the domains that a short name is tried in, and how many dots make it long.
  const std::vector<std::string>& search_domains() const { return domains_; }
  int dots() const { return dots_; }

 private:
  struct Query;
  struct Socket;
  using Answered = void(void* argument, int status, int timeouts, unsigned char* packet, int length);
  explicit DnsChannel(Loop& loop);
  Result<void> open(const Dns::Options& options);
  Result<void> set_servers(const std::vector<std::string>& servers);
  void keep_search_domains();
  void send(const std::shared_ptr<Query>& query);
  unsigned short fresh_id();
  bool submit(const std::string& name, DnsType type, unsigned short id, Answered* then, void* argument);
  void start(std::unique_ptr<DnsCall> call);
  void fail_later(std::unique_ptr<DnsCall> call, DnsStatus status);
  void watch(int fd, bool readable, bool writable);
  void schedule(Deadline latest);
  void rest_if_idle();
  void time_came() override;
  static void socket_changed(void* self, int fd, int readable, int writable);
  static Answered answered, call_answered;

  Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::vector<std::string> domains_;
  int dots_ = 1;
  std::unordered_map<int, std::unique_ptr<Socket>> sockets_;
  // Two owners: this table until the answer is there, and whoever waits for it, who may have left before.
  std::unordered_map<std::string, std::shared_ptr<Query>> queries_;
  std::bitset<65536> ids_;  // in use
  std::array<unsigned short, 128> chances_{};
  std::size_t chances_left_ = 0;
  milliseconds patience_{};  // before a question is repeated for the first time
  Deadline alarm_ = Deadline::max();
  Event room_;
  std::size_t calls_ = 0;  // without those that wait
  bool submitting_ = false;
  // What is left for the next turn: calls that came in a burst or while too many were under way, and such that failed at once.
  struct NextTurn : Posted {
    explicit NextTurn(DnsChannel& of) : channel(of) {}
    void turn_came() override;
    bool may_start() const;
    DnsChannel& channel;
    std::size_t started = 0;  // since the last turn
    std::deque<std::unique_ptr<DnsCall>> waiting;
    std::vector<std::pair<std::unique_ptr<DnsCall>, DnsStatus>> failed;
  } next_turn_{*this};
};

}  // namespace postern::net
