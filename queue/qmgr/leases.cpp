#include "queue/qmgr/leases.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::qmgr {

namespace {

std::string file_of(const std::string& directory, std::int64_t number) {
  return concat(directory, "/holder.", number);
}

}  // namespace

Result<Holder> Holder::become(const std::string& directory) {
  const std::int64_t number = wall_micros();
  std::string path = file_of(directory, number);
  auto file = open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return fail(file.error());
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(concat("lock ", path), errno);
  return Holder(std::move(path), std::move(*file), number);
}

void Holder::resign() {
  ::unlink(path_.c_str());
  file_ = Fd();
}

bool Holder::lives(const std::string& directory, std::int64_t number) {
  const std::string path = file_of(directory, number);
  auto file = open_file(path, O_RDWR | O_NOFOLLOW);
  if (!file) return false;
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) return true;
  ::unlink(path.c_str());
  return false;
}

}  // namespace postern::qmgr
