#include "lib/base/json.h"
#include "lib/control/status_pairs.h"

namespace postern::control {

namespace {

void add(JsonObject& object, const StatusPair& pair) {
  if (!pair.is_number) {
    object.add(pair.name, pair.value);
  } else {
    object.put(pair.name, pair.value.empty() ? "null" : pair.value);
  }
}

JsonObject object_of(const StatusPairs& pairs) {
  JsonObject object;
  for (const StatusPair& pair : pairs) add(object, pair);
  return object;
}

std::string process_json(const ProcessStatus& process, std::int64_t now) {
  return object_of(pairs_of(process, now)).put("values", object_of(numbers_of(process)).text()).text();
}

std::string service_json(const ServiceStatus& service, std::int64_t now) {
  JsonArray processes;
  for (const ProcessStatus& process : service.processes) processes.put(process_json(process, now));
  return object_of(pairs_of(service, now)).put("processes", processes.text()).text();
}

}  // namespace

std::string status_json(const SystemStatus& status) {
  JsonObject all, failed;
  for (const StatusPair& pair : pairs_of(status)) {
    if (pair.name == "failed_reload") {
      failed.add("reason", pair.value);
    } else if (pair.name == "failed_reload_age") {
      failed.put("age", pair.value);
    } else {
      add(all, pair);
    }
  }
  if (status.reload_failed()) all.put("failed_reload", failed.text());
  JsonArray services;
  for (const ServiceStatus& service : status.services) services.put(service_json(service, status.now));
  return all.put("services", services.text()).text() + "\n";
}

}  // namespace postern::control
