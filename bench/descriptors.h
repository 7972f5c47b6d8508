// A load generator holds as many connections as the system lets it.
#pragma once

#include <sys/resource.h>

namespace postern::bench {

inline void allow_many_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace postern::bench
