#include "lib/table/watched.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string_view>

namespace postern::table {

namespace {

constexpr int kMostLinks = 16;

bool equal(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

// A descriptor that can be asked how the file is, but not for what is in it. One that was replaced meanwhile is kept as
// it is: that is a change.
Fd without_rights(const std::string& path, Fd fd) {
  Fd bare(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat ours {
  }, named{};
  const bool same = bare && ::fstat(fd.get(), &ours) == 0 && ::fstat(bare.get(), &named) == 0 &&
                    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
  return same ? std::move(bare) : std::move(fd);
}

}  // namespace

bool WatchedFiles::same(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_nlink == b.st_nlink && equal(a.st_mtim, b.st_mtim) &&
         equal(a.st_ctim, b.st_ctim);
}

void WatchedFiles::add(const std::string& path, Fd fd, const struct stat& status) {
  files_.push_back({path, without_rights(path, std::move(fd)), status, true});
  add_links(path);
}

void WatchedFiles::add_in_use(const std::string& path, int fd) {
  File file{path, without_rights(path, Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0))), {}, false};
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

void WatchedFiles::add_broken(const std::string& path) {
  ++broken_;
  if (!path.starts_with('/')) return;
  if (!notices_) notices_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const auto folder = std::filesystem::path(path).parent_path();
  constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB;
  if (!notices_ || ::inotify_add_watch(notices_.get(), folder.c_str(), kEvents) < 0) return;
  awaited_.push_back(path);
}

// A file of that name, or of the name with a suffix as postmap makes it.
const std::string* WatchedFiles::appeared() const {
  alignas(inotify_event) std::array<char, 4096> events;
  const std::string* found = nullptr;
  for (ssize_t size = 0; (size = ::read(notices_.get(), events.data(), events.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      const std::string_view name = event->len > 0 ? event->name : "";
      for (const auto& path : awaited_) {
        if (name.find(".tmp.") == name.npos &&
            name.starts_with(std::filesystem::path(path).filename().string()))
          found = &path;
      }
    }
  }
  return found;
}

const std::string* WatchedFiles::changed() const {
  if (!awaited_.empty()) {
    if (const std::string* path = appeared()) return path;
  }
  for (const File& file : files_) {
    struct stat now {};
    const bool there = ::fstat(file.fd.get(), &now) == 0 && now.st_nlink > 0;
    if (!there || (file.content ? !same(file.status, now) : now.st_nlink < file.status.st_nlink))
      return &file.path;
  }
  return nullptr;
}

}  // namespace postern::table
