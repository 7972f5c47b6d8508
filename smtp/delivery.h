// One message to the recipients of one nexthop: from host to host until each recipient has its result.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/ipc/messages/deliver.h"
#include "lib/net/task.h"
#include "smtp/cache.h"
#include "smtp/connect.h"
#include "smtp/hosts.h"
#include "smtp/letter.h"
#include "smtp/transaction.h"

namespace postern::smtp {

class Delivery {
 public:
  // The shop outlives the delivery.
  Delivery(Shop& shop, ipc::Deliver message);
  net::Task<ipc::Delivered> run();

 private:
  // delivery.cpp
  net::Task<void> try_destinations(std::vector<Destination> destinations, std::size_t own);
  net::Task<void> try_kept(const Destination& destination);
  net::Task<void> try_hosts(const Destination& destination, std::vector<Host> hosts, bool last_destination);
  net::Task<void> try_host(const Destination& destination, const Host& host);
  net::Task<bool> try_session(const Destination& destination, Wanted wanted);
  net::Task<bool> use(std::unique_ptr<Session> session, const std::string& key, const Wanted* wanted);
  std::string key_of(const Destination& destination) const;
  bool is_over() const;

  // results.cpp
  net::Task<void> settle(Transfer transfer, const std::vector<std::size_t>& who, const Session& session);
  net::Task<void> fail_left(Trouble why, const Session* session);
  net::Task<void> give_up();
  net::Task<void> finish(std::size_t i, ipc::DeliveryStatus status, Trouble why, const Session* session);
  net::Task<void> filter_status(ipc::DeliveryResult& result) const;
  void log(std::size_t i, const Session* session) const;
  std::vector<std::size_t> left() const;
  bool is_temporary(const Trouble& why) const;

  Shop& shop_;
  const Setup& setup_;
  const ipc::Deliver message_;
  Letter letter_;
  ipc::Delivered answer_;
  std::vector<bool> finished_;  // recipients
  std::size_t left_ = 0;
  Maybe why_;                     // the last trouble of those that are left
  std::set<std::string> tried_;   // addresses
  bool last_host_ = false;        // nobody else can be asked: what is temporary is deferred
  bool reached_ = false;          // try_host() came as far as a session, or the beginning of one
  unsigned best_preference_ = 0;  // of the hosts in hand
  bool by_fallback_ = false;
  const std::string id_;
  const Deadline last_start_;  // of a conversation with another host
  const std::int64_t begun_;
  std::int64_t connected_ = 0;
};

}  // namespace postern::smtp
