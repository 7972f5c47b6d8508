// The shape of the queue: how many recipients wait for each domain, and for how long, as a table of domains by age.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/ipc/messages/queue.h"

namespace postern::commands {

struct ShapeOptions {
  // What a row stands for: recipient_domain, sender_domain, nexthop, transport, reason, client_address, sasl_username. Of the
  // message (sender, client, user) each message counts once, of the recipient each recipient.
  std::string by = "recipient_domain";
  int buckets = 10;
  int minutes = 5;         // of the first bucket
  bool linear = false;     // all buckets have that width; otherwise each is twice the one before
  std::size_t first = 50;  // rows, the largest ones
};

// The names that `by` may have.
inline constexpr std::string_view kShapes[] = {
    "recipient_domain", "sender_domain", "nexthop", "transport", "reason", "client_address", "sasl_username"};

class Shape {
 public:
  // `now` in wall microseconds.
  Shape(ShapeOptions options, std::int64_t now);
  void add(const ipc::QueuePage& page);

  std::string text() const;
  std::string json() const;

 private:
  using Counts = std::vector<std::int64_t>;  // the sum, then the buckets
  void count(const std::string& name, std::int64_t arrived);
  std::string value_of(const ipc::QueuedMessage& message) const;
  std::string value_of(const ipc::QueuedRecipient& recipient) const;
  std::vector<std::pair<std::string, const Counts*>> rows() const;
  std::vector<std::string> heads() const;

  ShapeOptions options_;
  std::int64_t now_;
  std::vector<std::int64_t> limits_;  // of the buckets but the last one, in minutes
  std::map<std::string, Counts> counts_;
  Counts total_;
};

}  // namespace postern::commands
