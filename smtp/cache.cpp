#include "smtp/cache.h"

#include <algorithm>

namespace postern::smtp {

namespace {
constexpr std::size_t kMostLeaving = 100;  // sessions that wait for a reply to QUIT
}

void Cache::begin(const std::string& key) {
  Line& line = lines_[key];
  const bool follows =
      line.ended != Instant{} && loop_.now() - line.ended <= *setup_.client.connection_cache_time_limit;
  line.in_demand = line.deliveries > 0 || follows;
  ++line.deliveries;
}

void Cache::end(const std::string& key) {
  const auto found = lines_.find(key);
  if (found == lines_.end()) return;
  found->second.ended = loop_.now();
  --found->second.deliveries;
  if (!is_armed()) arm(loop_.in(*setup_.client.connection_cache_time_limit));
}

std::unique_ptr<Session> Cache::take(const std::string& key) {
  const auto found = lines_.find(key);
  if (found == lines_.end()) return nullptr;
  auto& idle = found->second.idle;
  while (!idle.empty()) {
    auto session = std::move(idle.back().session);
    idle.pop_back();
    --idle_;
    const bool is_young = loop_.now() - session->begun < *setup_.client.connection_reuse_time_limit;
    if (is_young && session->is_quiet()) return session;
    leave(std::move(session));
  }
  return nullptr;
}

bool Cache::is_kept(const std::string& key, const Line& line, const Session& session) const {
  if (!session.may_be_kept) return false;
  if (session.is_tls && !session.may_reuse_tls) return false;
  const int most = *setup_.client.connection_reuse_count_limit;
  if (most > 0 && session.uses >= static_cast<unsigned>(most)) return false;
  if (loop_.now() - session.begun >= *setup_.client.connection_reuse_time_limit) return false;
  if (*setup_.client.connection_cache_on_demand && line.in_demand) return true;
  const auto& always = *setup_.client.connection_cache_destinations;
  const std::string name = key.substr(0, key.find('\n'));
  return std::find(always.begin(), always.end(), name) != always.end();
}

void Cache::give_back(const std::string& key, std::unique_ptr<Session> session) {
  Line& line = lines_[key];
  if (!is_kept(key, line, *session)) {
    leave(std::move(session));
    return;
  }
  const Deadline until = loop_.in(*setup_.client.connection_cache_time_limit);
  session->queue_id.clear();
  line.idle.push_back({std::move(session), until});
  ++idle_;
  if (!is_armed()) arm(until);
}

void Cache::leave(std::unique_ptr<Session> session) {
  if (*setup_.session.skip_quit_response || leaving_.size() >= kMostLeaving) {
    session->leave();
  } else {
    leaving_.spawn(quit(std::move(session)));
  }
}

net::Task<void> Cache::quit(std::unique_ptr<Session> session) { co_await session->quit(); }

void Cache::clear() {
  for (auto& [key, line] : lines_) {
    for (Idle& idle : line.idle) idle.session->leave();
    line.idle.clear();
  }
  idle_ = 0;
}

// The oldest stand first: those that were used last are taken first.
void Cache::time_came() {
  const Instant now = loop_.now();
  const Duration limit = *setup_.client.connection_cache_time_limit;
  Deadline next = Deadline::max();
  for (auto at = lines_.begin(); at != lines_.end();) {
    Line& line = at->second;
    const auto fresh = std::find_if(line.idle.begin(), line.idle.end(),
                                    [now](const Idle& idle) { return idle.until > now; });
    for (auto old = line.idle.begin(); old != fresh; ++old) leave(std::move(old->session));
    idle_ -= static_cast<std::size_t>(fresh - line.idle.begin());
    line.idle.erase(line.idle.begin(), fresh);
    if (!line.idle.empty()) next = std::min(next, line.idle.front().until);
    const bool forgotten = line.idle.empty() && line.deliveries == 0 && now - line.ended > limit;
    if (!forgotten && line.idle.empty() && line.deliveries == 0)
      next = std::min(next, line.ended + limit + milliseconds(1));
    at = forgotten ? lines_.erase(at) : std::next(at);
  }
  if (next != Deadline::max()) arm(next);
}

}  // namespace postern::smtp
