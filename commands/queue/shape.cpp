#include "commands/queue/shape.h"

#include <algorithm>

#include "commands/queue/listing_text.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::commands {

namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::size_t kWidest = 60;
// What would be more rows than anybody looks at, all together.
constexpr std::size_t kMostNames = 100'000;
constexpr const char* kOthers = "(others)";

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == address.npos ? std::string() : lower(address.substr(at + 1));
}

}  // namespace

Shape::Shape(ShapeOptions options, std::int64_t now) : options_(std::move(options)), now_(now) {
  std::int64_t limit = options_.minutes;
  for (int i = 1; i < options_.buckets; ++i) {
    limits_.push_back(limit);
    limit = options_.linear ? limit + options_.minutes : limit * 2;
  }
  total_.resize(limits_.size() + 2);
}

std::string Shape::value_of(const ipc::QueuedMessage& message) const {
  if (options_.by == "sender_domain")
    return message.sender.empty() ? "MAILER-DAEMON" : domain_of(message.sender);
  return options_.by == "client_address" ? message.client_address : message.sasl_username;
}

std::string Shape::value_of(const ipc::QueuedRecipient& recipient) const {
  if (options_.by == "nexthop") return recipient.nexthop;
  if (options_.by == "transport") return recipient.transport;
  return options_.by == "reason" ? recipient.reason : domain_of(recipient.address);
}

void Shape::count(const std::string& name, std::int64_t arrived) {
  const bool is_known = counts_.size() < kMostNames || counts_.contains(name);
  Counts& counts = counts_[is_known ? name : kOthers];
  counts.resize(total_.size());
  const std::int64_t age = (now_ - arrived) / kMinute;
  const auto bucket =
      static_cast<std::size_t>(std::upper_bound(limits_.begin(), limits_.end(), age) - limits_.begin());
  for (Counts* each : {&counts, &total_}) {
    ++(*each)[0];
    ++(*each)[bucket + 1];
  }
}

void Shape::add(const ipc::QueuePage& page) {
  const bool of_message =
      options_.by == "sender_domain" || options_.by == "client_address" || options_.by == "sasl_username";
  auto at = page.recipients.begin();
  for (const auto& message : page.messages) {
    if (of_message) count(value_of(message), message.arrived);
    for (; at != page.recipients.end() && at->queue_id == message.queue_id; ++at) {
      if (!of_message) count(value_of(*at), message.arrived);
    }
  }
}

std::vector<std::pair<std::string, const Shape::Counts*>> Shape::rows() const {
  std::vector<std::pair<std::string, const Counts*>> rows;
  for (const auto& [name, counts] : counts_) rows.emplace_back(name, &counts);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return (*a.second)[0] > (*b.second)[0]; });
  if (rows.size() > options_.first) rows.resize(options_.first);
  return rows;
}

std::vector<std::string> Shape::heads() const {
  std::vector<std::string> heads{"T"};
  for (const auto limit : limits_) heads.push_back(std::to_string(limit));
  heads.push_back(limits_.empty() ? "0+" : concat(limits_.back(), "+"));
  return heads;
}

std::string Shape::text() const {
  auto lines = rows();
  for (auto& [name, counts] : lines) name = name.empty() ? "(none)" : printable(name, kWidest);
  lines.insert(lines.begin(), {"TOTAL", &total_});
  std::size_t widest = 0;
  for (const auto& [name, counts] : lines) widest = std::max(widest, name.size());
  const auto columns = heads();
  std::vector<std::size_t> widths;
  std::string text = std::string(widest, ' ');
  for (std::size_t i = 0; i < columns.size(); ++i) {
    // No number of a column is larger than that of the sum.
    widths.push_back(std::max(columns[i].size(), std::to_string(total_[i]).size()) + 1);
    text += right(columns[i], widths[i]);
  }
  text += "\n";
  for (const auto& [name, counts] : lines) {
    text += right(name, widest);
    for (std::size_t i = 0; i < columns.size(); ++i) text += right(std::to_string((*counts)[i]), widths[i]);
    text += "\n";
  }
  return text;
}

std::string Shape::json() const {
  const auto object_of = [](const Counts& counts) {
    JsonArray buckets;
    for (std::size_t i = 1; i < counts.size(); ++i) buckets.put(std::to_string(counts[i]));
    return buckets.text();
  };
  JsonArray limits, lines;
  for (const auto limit : limits_) limits.put(std::to_string(limit));
  for (const auto& [name, counts] : rows()) {
    JsonObject line;
    line.add(options_.by, name).add_number("total", (*counts)[0]).put("counts", object_of(*counts));
    lines.put(line.text());
  }
  JsonObject all;
  all.add("by", options_.by).put("minutes", limits.text()).add_number("total", total_[0]);
  all.put("counts", object_of(total_)).put("rows", lines.text());
  return all.text() + "\n";
}

}  // namespace postern::commands
