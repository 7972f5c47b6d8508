// Connections that are kept for the next message to the same destination: as long as there is demand, each for
// smtp_connection_cache_time_limit.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "smtp/session.h"

namespace postern::smtp {

class Cache : net::Timer {
 public:
  Cache(const Setup& setup, net::Loop& loop) : Timer(loop), setup_(setup), loop_(loop), leaving_(loop) {}

  // A delivery to a destination, from here to the end of the object: where deliveries meet, or follow each other closely,
  // there is demand.
  class Demand {
   public:
    Demand(Cache& cache, std::string key) : cache_(cache), key_(std::move(key)) { cache_.begin(key_); }
    ~Demand() { cache_.end(key_); }
    Demand(const Demand&) = delete;
    Demand& operator=(const Demand&) = delete;

   private:
    Cache& cache_;
    const std::string key_;
  };

  // A connection that is still good; null when there is none.
  std::unique_ptr<Session> take(const std::string& key);
  // Takes a connection back after a message: keeps it, or says QUIT.
  void give_back(const std::string& key, std::unique_ptr<Session> session);
  // Says QUIT on one that is not to be used again, and lets it go.
  void leave(std::unique_ptr<Session> session);
  // Lets go of all that are idle: the process is about to end.
  void clear();

  std::size_t idle() const { return idle_; }

 private:
  struct Idle {
    std::unique_ptr<Session> session;
    Deadline until;
  };
  struct Line {
    std::vector<Idle> idle;
    unsigned deliveries = 0;  // under way
    bool in_demand = false;   // two met
    Instant ended{};          // the last one
  };

  void begin(const std::string& key);
  void end(const std::string& key);
  bool is_kept(const std::string& key, const Line& line, const Session& session) const;
  static net::Task<void> quit(std::unique_ptr<Session> session);
  void time_came() override;

  const Setup& setup_;
  net::Loop& loop_;
  std::map<std::string, Line> lines_;
  std::size_t idle_ = 0;
  net::Scope leaving_;
};

}  // namespace postern::smtp
