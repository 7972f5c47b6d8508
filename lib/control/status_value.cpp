#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/control/status_pairs.h"

namespace postern::control {

namespace {

template <class Names>
std::string listed(const Names& names) {
  std::string all;
  for (const auto& name : names) all += concat(all.empty() ? "" : ", ", name);
  return all;
}

// Of a process: what makes sense as a sum, in the order in which a name is looked for.
StatusPairs summable(const ProcessStatus& process) {
  StatusPairs pairs = numbers_of(process);
  if (!process.descriptors) return pairs;
  pairs.push_back({"descriptors", std::to_string(process.descriptors->open), true});
  return pairs;
}

class Sum {
 public:
  explicit Sum(std::string_view name) : name_(name) {}

  // Whether a pair of that name is among them.
  bool add(const StatusPairs& pairs) {
    bool is_there = false;
    for (const StatusPair& pair : pairs) {
      if (!pair.is_number) continue;
      names_.insert(pair.name);
      if (pair.name != name_ || is_there) continue;
      is_there = found_ = true;
      sum_ += static_cast<std::uint64_t>(parse_number(pair.value).value_or(0));
    }
    return is_there;
  }

  // A number of the service itself is not summed again over its processes.
  void add(const ServiceStatus& service, std::int64_t now) {
    if (add(pairs_of(service, now))) return;
    for (const ProcessStatus& process : service.processes) {
      has_process_ = true;
      add(summable(process));
    }
  }

  Result<std::uint64_t> result(std::string_view query) const {
    if (found_ || !has_process_) return sum_;
    return fail(Errc::not_found, concat("no such number: ", query, " (there are: ", listed(names_), ")"));
  }

 private:
  std::string_view name_;
  std::set<std::string> names_;
  std::uint64_t sum_ = 0;
  bool found_ = false, has_process_ = false;
};

}  // namespace

Result<std::uint64_t> status_value(const SystemStatus& status, std::string_view query) {
  const auto slash = query.rfind('/');
  if (slash == std::string_view::npos) {
    return fail(Errc::invalid, concat("write SERVICE/NUMBER, as in qmgr/messages: ", query));
  }
  const auto wanted = query.substr(0, slash);
  Sum sum(query.substr(slash + 1));
  std::set<std::string> services;
  bool is_there = wanted == "master/process";
  if (is_there && !sum.add(pairs_of(status))) {
    return fail(Errc::not_found, concat("no such number: ", query));
  }
  for (const ServiceStatus& service : status.services) {
    const std::string& name = service.report.name;
    services.insert(name);
    if (wanted != name && wanted != concat(name, "/", service.report.type)) continue;
    is_there = true;
    sum.add(service, status.now);
  }
  if (is_there) return sum.result(query);
  return fail(Errc::not_found, concat("no such service: ", query, " (there are: ", listed(services), ")"));
}

}  // namespace postern::control
