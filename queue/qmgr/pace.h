// How long deliveries to a destination last. One server that answers late must not keep letters from another that does not:
// each pace has places of its own.
#pragma once

#include <string>
#include <unordered_set>

namespace postern::qmgr {

enum class Pace {
  fresh,  // not known: none has ended lately
  brisk,  // the last one that went well ended soon
  slow    // the last one lasted
};
constexpr std::size_t kPaces = 3;

// What is remembered of destinations that nothing is for. Bounded: what was seen long ago is forgotten.
class Paces {
 public:
  Pace of(const std::string& destination) const;
  void remember(const std::string& destination, Pace pace);

 private:
  class Memory {
   public:
    bool has(const std::string& key) const;
    void add(const std::string& key);
    void remove(const std::string& key);

   private:
    std::unordered_set<std::string> recent_, older_;
  };
  Memory brisk_, slow_;
};

}  // namespace postern::qmgr
