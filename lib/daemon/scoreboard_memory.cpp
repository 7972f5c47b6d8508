#include "lib/daemon/scoreboard_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "lib/base/text.h"

namespace postern::daemon {

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (start_ != nullptr) ::munmap(start_, size_);
}

Result<Mapping> Mapping::map(int fd, std::size_t offset, std::size_t size, Access access) {
  const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* start = ::mmap(nullptr, size, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (start == MAP_FAILED) return fail_errno("map the scoreboard", errno);
  Mapping mapping;
  mapping.start_ = static_cast<std::byte*>(start);
  mapping.size_ = size;
  return mapping;
}

}  // namespace postern::daemon

namespace postern::daemon::scoreboard {

Result<Mapping> map_whole(int fd, std::string_view what, Mapping::Access access) {
  struct stat found {};
  if (::fstat(fd, &found) != 0 || static_cast<std::size_t>(found.st_size) < kHeader) {
    return fail(Errc::invalid, concat(what, ": not a scoreboard"));
  }
  const auto whole = static_cast<std::size_t>(found.st_size) >= kSize;
  auto memory = Mapping::map(fd, 0, whole ? kSize : kHeader, access);
  if (!memory) return memory;
  const Header& header = *reinterpret_cast<const Header*>(memory->at(0));
  if (!whole || std::memcmp(header.magic, kMagic, sizeof header.magic) != 0 || header.layout != kLayout ||
      header.slots != kSlots) {
    return fail(Errc::invalid, concat(what, ": a scoreboard of another version"));
  }
  return memory;
}

// Behind the first one that is unused nothing was ever written.
void empty_values(Page& page) {
  for (Value& value : page.values) {
    if (value.kind.exchange(Kind::unused, std::memory_order_relaxed) == Kind::unused) break;
  }
}

}  // namespace postern::daemon::scoreboard
