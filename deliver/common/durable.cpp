#include "deliver/common/durable.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace postern::deliver {

namespace {

// Fewer than this are never worth the work of others.
constexpr std::size_t kFewest = 4;

bool kernel_is_since(int major, int minor) {
  utsname system{};
  int its_major = 0;
  int its_minor = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &its_major, &its_minor) != 2)
    return false;
  return its_major > major || (its_major == major && its_minor >= minor);
}

int problem_of(int result) { return result == 0 ? 0 : errno; }

Duration since(Instant begin) { return std::chrono::steady_clock::now() - begin; }

}  // namespace

Durable::Durable() : syncfs_reports_(kernel_is_since(5, 8)) {}

bool Durable::together_is_cheaper(std::size_t count) const {
  return syncfs_reports_ && count >= kFewest && together_ < each_ * static_cast<int>(count);
}

void Durable::sync(std::vector<Written>& written) {
  if (written.empty()) return;
  const auto begin = std::chrono::steady_clock::now();
  if (together_is_cheaper(written.size())) {
    sync_together(written);
    together_ += (since(begin) - together_) / 4;
    return;
  }
  sync_each(written);
  each_ += (since(begin) / static_cast<int>(written.size()) - each_) / 4;
  // A file system that was busy once gets another chance after a while.
  if (written.size() >= kFewest) together_ -= together_ / 16;
}

void Durable::sync_each(std::vector<Written>& written) {
  for (Written& one : written) one.problem = problem_of(::fsync(one.fd));
}

void Durable::sync_together(std::vector<Written>& written) {
  std::vector<dev_t> done;
  for (const Written& one : written) {
    bool seen = false;
    for (const dev_t device : done) seen = seen || device == one.device;
    if (seen) continue;
    // Something on it could not be written: whose was it?
    if (::syncfs(one.fd) != 0) return sync_each(written);
    done.push_back(one.device);
  }
  for (Written& one : written) one.problem = 0;
}

}  // namespace postern::deliver
