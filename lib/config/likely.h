// What was probably meant by a name that nobody knows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::config {

// How many slips lead from one name to the other: a letter too many, missing, wrong, or two neighbours that
// changed places. More than `most` count as most + 1. Letters in either case are the same. Names longer than
// 100 bytes are never alike.
std::size_t slips_between(std::string_view a, std::string_view b, std::size_t most);

// Of all candidates that are offered, the one with the fewest slips; of several the first. One slip in a short
// word, up to three in a long one.
class Likely {
 public:
  explicit Likely(std::string_view word);
  // The candidate must live as long as we do.
  void offer(std::string_view candidate);
  // Empty when nothing was near enough.
  std::string_view best() const { return best_; }
  // ": did you mean NAME?", or nothing.
  std::string question() const;

 private:
  std::string_view word_, best_;
  std::size_t most_;  // fewer slips than the best one, or as many as we allow
};

}  // namespace postern::config
