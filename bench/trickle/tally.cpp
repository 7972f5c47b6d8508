#include "bench/trickle/tally.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::trickle {

void Tally::note(Duration held) {
  held_.push_back(std::chrono::duration<double>(held).count());
  if (held > most_) ++late_;
}

void Tally::ended(Trickler::End end, Duration held) {
  switch (end) {
    case Trickler::End::told: ++told_; break;
    case Trickler::End::closed: ++closed_; break;
    case Trickler::End::refused: ++refused_; return;
    case Trickler::End::unreached: ++unreached_; return;
  }
  note(held);
}

void Tally::stays(Duration held) {
  ++stay_;
  note(held);
}

double Tally::percentile(std::size_t percent) {
  if (held_.empty()) return 0;
  std::sort(held_.begin(), held_.end());
  return held_[(held_.size() - 1) * percent / 100];
}

std::string Tally::json() {
  return concat("\"", name_, "\": {\"calls\": ", calls_, ", \"told\": ", told_, ", \"closed\": ", closed_,
                ", \"refused\": ", refused_, ", \"unreached\": ", unreached_, ", \"stay\": ", stay_,
                ", \"late\": ", late_, ", \"held_s\": {\"p50\": ", std::to_string(percentile(50)),
                ", \"p99\": ", std::to_string(percentile(99)), ", \"max\": ", std::to_string(percentile(100)),
                "}}");
}

}  // namespace postern::trickle
