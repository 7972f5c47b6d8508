// The parts of an envelope that several messages carry.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "lib/ipc/codec.h"

namespace postern::ipc {

// One recipient with what the sender asked for it (RFC 3461).
struct Recipient {
  std::string address;
  std::string original;  // as it was given, before rewriting and alias expansion
  std::string notify;    // NOTIFY=, as given; empty: not given
  std::string orcpt;     // ORCPT=, as given
  static constexpr auto fields =
      std::tuple{Field{"address", &Recipient::address}, Field{"original", &Recipient::original},
                 Field{"notify", &Recipient::notify}, Field{"orcpt", &Recipient::orcpt}};
};

}  // namespace postern::ipc
