// TLS sessions that a client may resume, in memory: a bounded number, each for a time. A session of TLS 1.3 is handed out
// once (RFC 8446 C.4), and the server gives a new one with each connection; one of TLS 1.2 is used again.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "lib/base/time.h"

struct ssl_session_st;

namespace postern::net {

class TlsSessions {
 public:
  explicit TlsSessions(Duration lifetime) : lifetime_(lifetime) {}
  ~TlsSessions();
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;

  static constexpr std::size_t kMost = 512;

  // Takes over a reference.
  void keep(const std::string& key, ssl_session_st* session);
  // Gives a reference away; null when there is none that is fresh.
  ssl_session_st* take(const std::string& key);
  void forget(const std::string& key);
  std::size_t size() const { return by_key_.size(); }

 private:
  struct Kept {
    std::string key;
    ssl_session_st* session;
    Instant since;
  };
  using Place = std::list<Kept>::iterator;
  ssl_session_st* remove(Place place);
  Duration lifetime_;
  std::list<Kept> all_;  // the newest first
  std::unordered_map<std::string, Place> by_key_;
};

}  // namespace postern::net
