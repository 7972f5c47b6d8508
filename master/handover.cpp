#include "master/handover.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"

namespace postern::master {

namespace {

using Json = nlohmann::json;

// Known to the templates below, which read and write lists of them.
Json json_of(const HandedService& handed);
void read(const Json& from, HandedService& handed);

Json json_of(const HandedChild& child) {
  return {{"pid", child.pid},
          {"slot", child.slot},
          {"generation", child.generation},
          {"age", child.age},
          {"status", child.status},
          {"errors", child.errors},
          {"state", static_cast<unsigned>(child.state)},
          {"was_available", child.was_available},
          {"was_busy", child.was_busy},
          {"was_told", child.was_told},
          {"last_words", child.last_words}};
}

Json json_of(const HandedListener& listener) {
  return {{"key", listener.key}, {"path", listener.path}, {"fd", listener.fd}};
}

template <class T>
Json list_of(const std::vector<T>& all) {
  Json list = Json::array();
  for (const T& one : all) list.push_back(json_of(one));
  return list;
}

Json json_of(const HandedService& handed) {
  const Service& service = handed.service;
  std::vector<std::string> keys;
  for (const Address& address : service.addresses) keys.push_back(address.key);
  return {{"name", service.name},
          {"type", config::name_of(service.type)},
          {"private", service.is_private},
          {"unprivileged", service.unprivileged},
          {"chroot", service.chroot},
          {"wakeup", service.wakeup.count()},
          {"wakeup_if_used", service.wakeup_if_used},
          {"limit", service.limit},
          {"program", service.program},
          {"arguments", service.arguments},
          {"debug", service.debug},
          {"line", service.line},
          {"addresses", keys},
          {"counts", handed.counts},
          {"was_used", handed.was_used},
          {"is_retired", handed.is_retired},
          {"listeners", list_of(handed.listeners)},
          {"children", list_of(handed.children)}};
}

template <class T>
void take(const Json& from, const char* name, T& to) {
  from.at(name).get_to(to);
}

void read(const Json& from, HandedChild& child) {
  take(from, "pid", child.pid);
  take(from, "slot", child.slot);
  take(from, "generation", child.generation);
  take(from, "age", child.age);
  take(from, "status", child.status);
  take(from, "errors", child.errors);
  child.state = static_cast<daemon::State>(from.at("state").get<unsigned>());
  take(from, "was_available", child.was_available);
  take(from, "was_busy", child.was_busy);
  take(from, "was_told", child.was_told);
  take(from, "last_words", child.last_words);
}

void read(const Json& from, HandedListener& listener) {
  take(from, "key", listener.key);
  take(from, "path", listener.path);
  take(from, "fd", listener.fd);
}

template <class T>
void read_list(const Json& from, const char* name, std::vector<T>& to) {
  for (const Json& one : from.at(name)) read(one, to.emplace_back());
}

void read(const Json& from, HandedService& handed) {
  Service& service = handed.service;
  take(from, "name", service.name);
  const auto type = config::socket_type(from.at("type").get<std::string>());
  if (!type) throw std::invalid_argument("unknown type of a service");
  service.type = *type;
  take(from, "private", service.is_private);
  take(from, "unprivileged", service.unprivileged);
  take(from, "chroot", service.chroot);
  service.wakeup = seconds(from.at("wakeup").get<std::int64_t>());
  take(from, "wakeup_if_used", service.wakeup_if_used);
  take(from, "limit", service.limit);
  take(from, "program", service.program);
  take(from, "arguments", service.arguments);
  take(from, "debug", service.debug);
  take(from, "line", service.line);
  for (const Json& key : from.at("addresses")) service.addresses.push_back({key.get<std::string>(), {}});
  take(from, "counts", handed.counts);
  take(from, "was_used", handed.was_used);
  take(from, "is_retired", handed.is_retired);
  read_list(from, "listeners", handed.listeners);
  read_list(from, "children", handed.children);
}

Handover read_all(const Json& from) {
  if (from.at("version").get<int>() != Handover::kVersion) throw std::invalid_argument("of another version");
  Handover handover;
  take(from, "directory", handover.directory);
  take(from, "main_cf", handover.main_cf);
  take(from, "master_cf", handover.master_cf);
  take(from, "generation", handover.generation);
  take(from, "scoreboard", handover.scoreboard);
  take(from, "pid_lock", handover.pid_lock);
  take(from, "data_lock", handover.data_lock);
  take(from, "log", handover.log);
  take(from, "log_is_syslog", handover.log_is_syslog);
  handover.tickets = from.value("tickets", -1);
  handover.log_unsaid = from.value("log_unsaid", std::size_t{0});
  read_list(from, "services", handover.services);
  return handover;
}

}  // namespace

std::string format_handover(const Handover& handover) {
  const Json all{{"version", Handover::kVersion},
                 {"directory", handover.directory},
                 {"main_cf", handover.main_cf},
                 {"master_cf", handover.master_cf},
                 {"generation", handover.generation},
                 {"scoreboard", handover.scoreboard},
                 {"pid_lock", handover.pid_lock},
                 {"data_lock", handover.data_lock},
                 {"log", handover.log},
                 {"tickets", handover.tickets},
                 {"log_is_syslog", handover.log_is_syslog},
                 {"log_unsaid", handover.log_unsaid},
                 {"services", list_of(handover.services)}};
  const auto bytes = Json::to_cbor(all);
  return std::string(bytes.begin(), bytes.end());
}

// The library throws what is wrong with a text; here it ends.
Result<Handover> parse_handover(std::string_view text) {
  try {
    return read_all(Json::from_cbor(text));
  } catch (const std::exception& error) {
    return fail(Errc::invalid,
                concat("what the running master hands over is not understood: ", error.what()));
  }
}

std::vector<int> descriptors_of(const Handover& handover) {
  std::vector<int> all{handover.scoreboard, handover.pid_lock, handover.data_lock, handover.log,
                       handover.tickets};
  for (const HandedService& service : handover.services) {
    for (const HandedListener& listener : service.listeners) all.push_back(listener.fd);
    for (const HandedChild& child : service.children) {
      all.push_back(child.status);
      all.push_back(child.errors);
    }
  }
  std::erase_if(all, [](int fd) { return fd < 0; });
  return all;
}

Result<Fd> write_handover(const Handover& handover) {
  Fd memory(::memfd_create("handover", MFD_CLOEXEC));
  if (!memory) return fail_errno("keep what is handed over", errno);
  auto written = write_all(memory.get(), format_handover(handover), "what is handed over");
  if (!written) return fail(written.error());
  return memory;
}

Result<Handover> read_handover(int fd) {
  const auto text = read_file(concat("/proc/self/fd/", fd));
  if (!text) return fail(text.error());
  return parse_handover(*text);
}

}  // namespace postern::master
