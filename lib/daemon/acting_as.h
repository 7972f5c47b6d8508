// Acting as another user for a while, before the jail: what root opens then is what that user may open, and what it makes
// is that user's. For the whole process, so before there are threads.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace postern::daemon {

class ActingAs {
 public:
  // Does nothing when we are not root, or without a name. Fails with not_found, denied or io.
  static Result<ActingAs> become(const std::string& user);
  // Root again; a process that cannot become root again ends.
  ~ActingAs();
  ActingAs(ActingAs&& other) noexcept;
  ActingAs& operator=(ActingAs&&) = delete;

 private:
  ActingAs() = default;
  bool acting_ = false;
  gid_t group_ = 0;
  std::vector<gid_t> groups_;
};

}  // namespace postern::daemon
