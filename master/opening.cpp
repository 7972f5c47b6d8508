// The part of the supervisor that opens what a configuration needs, before anything changes.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "master/overlap.h"
#include "master/supervisor.h"

namespace postern::master {

namespace {

constexpr Duration kNextTry = milliseconds(5);

// One process serves many clients: few processes are no reason for a short queue, in which a burst of clients gets lost.
int backlog_of(const Configuration& configuration, const Service& service) {
  return std::max({*configuration.params.default_process_limit,
                   static_cast<int>(std::min(service.limit, 4096u)), SOMAXCONN});
}

}  // namespace

std::vector<const Listener*> Supervisor::removed_by(const std::vector<Step>& steps) const {
  std::vector<const Listener*> removed;
  for (const Step& step : steps) {
    if (step.change != Change::remove) continue;
    for (const Listener& listener : entries_[step.before]->listeners()) removed.push_back(&listener);
  }
  return removed;
}

Result<NewListeners> Supervisor::open_all(const Configuration& configuration, const Service& service,
                                          const std::vector<const Listener*>& removed) const {
  NewListeners listeners;
  for (const Address& address : service.addresses) {
    auto opened = open_one(listeners, address, backlog_of(configuration, service), removed);
    if (!opened) return fail(opened.error());
  }
  return listeners;
}

Result<void> Supervisor::open_one(NewListeners& listeners, const Address& address, int backlog,
                                  const std::vector<const Listener*>& removed) const {
  if (auto shared = share_listener(address.key)) {
    listeners.add_shared(std::move(*shared));
    return {};
  }
  std::vector<const Listener*> beside;
  for (const Listener* listener : removed) {
    if (overlap(listener->key, address.key)) beside.push_back(listener);
  }
  auto opened = beside.empty() ? open_patiently(address, backlog) : open_beside(address, backlog, beside);
  if (!opened) return fail(opened.error());
  listeners.add_opened(std::move(*opened));
  if (!is_wildcard(address.key)) return {};
  // Who has come to an address that the wildcard takes over may not be accepted yet: its socket stays beside it.
  for (const Listener* listener : beside) {
    auto kept = share_listener(listener->key);
    if (kept) listeners.add_shared(std::move(*kept));
  }
  return {};
}

// A service whose type changes is another one, at the path of the one before.
Place Supervisor::place_of(const Address& address) const {
  const std::string path = address.key.substr(address.key.find(':') + 1);
  for (const auto& entry : entries_) {
    for (const Listener& listener : entry->listeners()) {
      if (listener.path == path) return Place::taken;
    }
  }
  return Place::free;
}

Result<Listener> Supervisor::open_patiently(const Address& address, int backlog) const {
  const Deadline limit = std::chrono::steady_clock::now() + bind_patience_;
  const Place place = place_of(address);
  for (;;) {
    auto opened = open_listener(address, backlog, place);
    const bool taken = !opened && opened.error().sys == EADDRINUSE;
    if (!taken || std::chrono::steady_clock::now() >= limit) return opened;
    std::this_thread::sleep_for(kNextTry);  // nobody is served yet
  }
}

Result<Listener> Supervisor::share_listener(const std::string& key) const {
  for (const auto& entry : entries_) {
    for (const Listener& listener : entry->listeners()) {
      if (listener.key != key) continue;
      Fd same(::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, 0));
      if (!same) return fail_errno("duplicate a socket", errno);
      return Listener{key, listener.path, std::move(same)};
    }
  }
  return fail(Errc::not_found, key);
}

}  // namespace postern::master
