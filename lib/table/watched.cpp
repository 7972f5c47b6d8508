#include "lib/table/watched.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

namespace postern::table {

namespace {

constexpr int kMostLinks = 16;

bool equal(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

bool WatchedFiles::same(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_nlink == b.st_nlink && equal(a.st_mtim, b.st_mtim) &&
         equal(a.st_ctim, b.st_ctim);
}

void WatchedFiles::add(const std::string& path, Fd fd, const struct stat& status) {
  files_.push_back({path, std::move(fd), status, true});
  add_links(path);
}

void WatchedFiles::add_in_use(const std::string& path, int fd) {
  File file{path, Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), {}, false};
  if (!file.fd || ::fstat(file.fd.get(), &file.status) != 0) return;
  files_.push_back(std::move(file));
  add_links(path);
}

// Each symbolic link that is met on the way to the file, in its directories too.
void WatchedFiles::add_links(const std::string& path) {
  namespace fs = std::filesystem;
  fs::path rest = fs::path(path).relative_path();
  fs::path at = fs::path(path).root_path();
  for (int links = 0; !rest.empty() && links < kMostLinks;) {
    const fs::path name = *rest.begin();
    rest = rest.lexically_relative(name);
    if (rest == ".") rest.clear();
    std::error_code error;
    const fs::path target = fs::read_symlink(at / name, error);
    if (error) {
      at /= name;
      continue;
    }
    File link{path, Fd(::open((at / name).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)), {}, true};
    if (!link.fd || ::fstat(link.fd.get(), &link.status) != 0) return;
    files_.push_back(std::move(link));
    if (target.is_absolute()) at = target.root_path();
    rest = target.relative_path() / rest;
    ++links;
  }
}

const std::string* WatchedFiles::changed() const {
  for (const File& file : files_) {
    struct stat now {};
    const bool there = ::fstat(file.fd.get(), &now) == 0 && now.st_nlink > 0;
    if (!there || (file.content ? !same(file.status, now) : now.st_nlink < file.status.st_nlink))
      return &file.path;
  }
  return nullptr;
}

}  // namespace postern::table
