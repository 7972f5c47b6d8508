// What clients have passed, as much as fits: those that were asked for last.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/screening/tests.h"

namespace postern::screen {

class Recent {
 public:
  explicit Recent(std::size_t most) : most_(most) {}

  // Nothing, or what stands until the next call of a function.
  const screening::Passes* find(std::string_view client);
  // Adds to what is known of the client: the later time of each test counts. Gives all of it.
  const screening::Passes& put(std::string_view client, const screening::Passes& passes);
  std::size_t size() const { return clients_.size(); }

 private:
  struct Entry {
    std::string client;
    screening::Passes passes;
  };
  std::size_t most_;
  std::list<Entry> entries_;  // the last one asked for comes first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> clients_;
};

}  // namespace postern::screen
