// What qmgr asks, as tests see it: a delivery agent and a bounce service that answer as told.
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "tests/queue/qmgr/fake_service.h"

namespace postern::qmgr {

using ipc::DeliveryStatus;

// A delivery agent that answers as told, by recipient address, and remembers what it was asked.
class FakeAgent : public FakeService {
 public:
  FakeAgent(net::Loop& loop, const std::string& path) : FakeService(loop, path), changed_(loop) {
    handlers_.on<ipc::DeliverCall>([this](ipc::Deliver question) { return deliver(std::move(question)); });
  }
  void answers(const std::string& address, DeliveryStatus status) { status_[address] = status; }
  // Every delivery to this next hop fails as a whole, or no longer does.
  void site_fails(const std::string& nexthop, bool fails = true) {
    if (fails) {
      failing_.insert(nexthop);
    } else {
      failing_.erase(nexthop);
    }
  }
  void hold() { held_ = true; }
  // Answers for next hops that begin so, when let_go() is said.
  void hold_sites(const std::string& prefix) {
    held_ = true;
    held_sites_ = prefix;
  }
  void let_go() {
    held_ = false;
    changed_.notify();
  }
  bool was_asked(const std::string& address) const {
    return std::find(asked.begin(), asked.end(), address) != asked.end();
  }

  std::vector<std::string> asked;  // recipients, in order
  std::vector<std::int64_t> ids;   // of the messages, by request
  std::vector<std::string> nexthops;
  std::vector<std::size_t> batches;
  std::string content;
  ipc::Arrival arrival = ipc::Arrival::delivered;
  int at_once = 0;
  int most_at_once = 0;
  int dies = 0;  // requests that it answers by closing the connection

 private:
  net::Task<ipc::Delivered> deliver(ipc::Deliver question) {
    if (dies > 0) {
      --dies;
      break_off();
    }
    most_at_once = std::max(most_at_once, ++at_once);
    content = question.content;
    batches.push_back(question.recipients.size());
    ids.push_back(question.queue_id);
    nexthops.push_back(question.nexthop);
    for (const ipc::DeliverTo& to : question.recipients) asked.push_back(to.address);
    co_await net::sleep_until(loop_, loop_.in(milliseconds(2)));
    while (held_ && question.nexthop.starts_with(held_sites_)) {
      const bool changed = co_await changed_.wait(Deadline::max());
      if (!changed) continue;
    }
    --at_once;
    co_return answer_to(question);
  }
  ipc::Delivered answer_to(const ipc::Deliver& question) {
    ipc::Delivered answer;
    const bool failing = failing_.contains(question.nexthop);
    if (failing) {
      answer.site_dsn = "4.4.1";
      answer.site_text = "connect to host: Connection refused";
    }
    for (const ipc::DeliverTo& to : question.recipients) {
      ipc::DeliveryResult& result = answer.results.emplace_back();
      result.number = to.number;
      result.status = status_.contains(to.address) ? status_[to.address] : DeliveryStatus::sent;
      if (failing) result.status = DeliveryStatus::deferred;
      result.dsn = result.status == DeliveryStatus::sent       ? "2.0.0"
                   : result.status == DeliveryStatus::deferred ? "4.2.0"
                                                               : "5.1.1";
      result.text = "as told";
      result.arrival = arrival;
    }
    return answer;
  }

  std::map<std::string, DeliveryStatus> status_;
  std::set<std::string> failing_;
  bool held_ = false;
  std::string held_sites_;
  net::Event changed_;
};

// A bounce service: remembers what it was asked, and stores a notification that settles it, as the real one does.
class FakeBounce : public FakeService {
 public:
  FakeBounce(net::Loop& loop, const std::string& path) : FakeService(loop, path) {
    handlers_.on<ipc::NotifyCall>([this](ipc::Notify question) { return notify(std::move(question)); });
  }
  std::function<net::Task<Result<bool>>(queue::Settlement)> store;
  std::vector<ipc::Notify> asked;
  bool refuses = false;
  int dies_after = 0;  // questions whose notification is stored, and that are not answered

 private:
  net::Task<ipc::Outcome> notify(ipc::Notify question) {
    ipc::Outcome answer;
    queue::Settlement settlement;
    settlement.message = question.queue_id;
    using How = queue::Settlement::How;
    settlement.how = question.kind == ipc::NotifyKind::failure   ? How::failure
                     : question.kind == ipc::NotifyKind::success ? How::success
                                                                 : How::delay;
    for (const ipc::NotifyOf& of : question.recipients) settlement.recipients.push_back(of.number);
    asked.push_back(std::move(question));
    if (refuses) co_return answer;
    auto stored = co_await store(settlement);
    if (dies_after > 0) {
      --dies_after;
      break_off();
    }
    answer.code = stored ? 250 : 451;
    co_return answer;
  }
};

}  // namespace postern::qmgr
