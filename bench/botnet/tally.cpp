#include "bench/botnet/tally.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "lib/base/json.h"

namespace postern::botnet {

namespace {

std::string decimal(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f", number);
  return text;
}

double milliseconds_of(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

std::int64_t number(std::size_t count) { return static_cast<std::int64_t>(count); }

std::string outcomes(const std::map<std::string, std::size_t>& counts) {
  JsonObject object;
  for (const auto& [name, count] : counts) object.add_number(name, number(count));
  return object.text();
}

double own_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace

double Times::at(std::size_t percent) {
  return milliseconds_of(all_[std::min(all_.size() * percent / 100, all_.size() - 1)]);
}

std::string Times::json() {
  if (all_.empty()) return "null";
  std::sort(all_.begin(), all_.end());
  JsonObject object;
  object.put("p50", decimal(at(50))).put("p99", decimal(at(99))).put("max", decimal(at(100)));
  return object.text();
}

void Tally::add(Kind kind, const Visit& visit) {
  Row& row = rows_[static_cast<std::size_t>(kind)];
  ++row.connections;
  if (visit.greeted) ++row.greeted;
  ++row.outcomes[visit.outcome()];
}

void Tally::add(Kind kind, const Delivery& delivery) {
  Row& row = rows_[static_cast<std::size_t>(kind)];
  ++row.messages;
  row.attempts += delivery.attempts;
  if (delivery.refused) ++row.refused;
  if (!delivery.delivered) return;
  ++row.delivered;
  if (delivery.attempts == 1) {
    ++row.at_first;
    late_.add(delivery.greeting_late);
  }
  row.until_accepted.add(delivery.time);
  rcpt_.add(delivery.rcpt_reply);
}

std::string Tally::json(Row& row, bool legitimate) {
  JsonObject object;
  object.add_number("connections", number(row.connections)).add_number("greeted", number(row.greeted));
  object.put("outcomes", outcomes(row.outcomes));
  if (!legitimate) return object.text();
  object.add_number("messages", number(row.messages)).add_number("delivered", number(row.delivered));
  object.add_number("in_first_connection", number(row.at_first)).add_number("refused", number(row.refused));
  object.add_number("attempts", number(row.attempts)).put("until_accepted_ms", row.until_accepted.json());
  return object.text();
}

std::string Tally::json(Duration total) {
  JsonObject kinds;
  std::size_t connections = 0;
  for (const Trait& one : kTraits) {
    Row& row = rows_[static_cast<std::size_t>(one.kind)];
    connections += row.connections;
    kinds.put(one.name, json(row, is_legitimate(one.kind)));
  }
  JsonObject object;
  object.add_number("connections", number(connections));
  object.put("seconds", decimal(milliseconds_of(total) / 1000)).put("cpu", decimal(own_cpu()));
  object.put("greeting_late_ms", late_.json()).put("rcpt_reply_ms", rcpt_.json());
  object.put("holders", outcomes(holders_.outcomes));
  return object.put("kinds", kinds.text()).text();
}

}  // namespace postern::botnet
