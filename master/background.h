// How master leaves its caller: descriptors, session, and the word that it is ready.
#pragma once

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "master/options.h"

namespace postern::master {

// Who waits until we are ready. Being destroyed without a word tells them that we failed.
class Ready {
 public:
  Ready() = default;
  explicit Ready(Fd to) : to_(std::move(to)) {}
  void tell();

 private:
  Fd to_;
};

// Closes what was inherited without purpose, leaves the caller's session, and with -w its process too: the
// caller's ends when tell() is called or we end, at the latest after 100 s. Fails with io.
Result<Ready> enter_background(const Options& options);

}  // namespace postern::master
