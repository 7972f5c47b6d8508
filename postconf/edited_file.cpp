#include "postconf/edited_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <vector>

#include "lib/base/text.h"

namespace postern::postconf {

namespace {

// Copies one extended attribute; that there is no such thing here or there is no mistake.
Result<void> copy_attribute(int from, int to, const char* name, const std::string& path) {
  const auto size = ::fgetxattr(from, name, nullptr, 0);
  if (size < 0) return {};
  std::vector<char> value(static_cast<std::size_t>(size));
  const auto read = ::fgetxattr(from, name, value.data(), value.size());
  if (read < 0) return fail_errno(concat("read attribute ", name, " of ", path), errno);
  if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(read), 0) == 0) return {};
  return fail_errno(concat("set attribute ", name, " of ", path), errno);
}

}  // namespace

Result<EditedFile> EditedFile::open(const std::string& path, std::size_t longest) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr)
    return fail_errno(concat("open ", path, " for reading"), errno);
  EditedFile file;
  file.path_ = resolved;
  file.temporary_ = concat(file.path_, ".tmp");
  if (auto locked = file.lock(); !locked) return fail(locked.error());
  if (auto read = file.read(longest); !read) return fail(read.error());
  return file;
}

EditedFile::~EditedFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

// Who waited for the lock may hold a file that has been renamed or removed since: then it is not the lock.
Result<void> EditedFile::lock() {
  for (;;) {
    auto fd = open_file(temporary_, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!fd) return fail_errno(concat("open ", temporary_, " for writing"), fd.error().sys);
    while (::flock(fd->get(), LOCK_EX) != 0) {
      if (errno != EINTR) return fail_errno(concat("lock ", temporary_), errno);
    }
    struct stat held {
    }, named{};
    if (::fstat(fd->get(), &held) != 0) return fail_errno(concat("stat ", temporary_), errno);
    if (!S_ISREG(held.st_mode)) return fail(Errc::invalid, concat(temporary_, ": not a regular file"));
    const bool is_there = ::lstat(temporary_.c_str(), &named) == 0;
    if (!is_there && errno != ENOENT) return fail_errno(concat("stat ", temporary_), errno);
    if (!is_there || held.st_dev != named.st_dev || held.st_ino != named.st_ino) continue;
    interrupted_ = held.st_size > 0;
    fd_ = std::move(*fd);
    return {};
  }
}

Result<void> EditedFile::read(std::size_t longest) {
  auto original = open_file(path_, O_RDONLY);
  if (!original) return fail_errno(concat("open ", path_, " for reading"), original.error().sys);
  original_ = std::move(*original);
  if (::fstat(original_.get(), &attributes_) != 0) return fail_errno(concat("stat ", path_), errno);
  auto text = read_file(path_, longest);
  if (!text) return fail(text.error());
  text_ = std::move(*text);
  return {};
}

Result<void> EditedFile::keep_attributes() {
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0) return fail_errno(concat("stat ", temporary_), errno);
  const bool same_owner = now.st_uid == attributes_.st_uid && now.st_gid == attributes_.st_gid;
  if (!same_owner && ::fchown(fd_.get(), attributes_.st_uid, attributes_.st_gid) != 0) {
    return fail_errno(concat("keep the owner of ", path_), errno);
  }
  if (::fchmod(fd_.get(), attributes_.st_mode & 07777) != 0)
    return fail_errno(concat("keep the mode of ", path_), errno);
  const auto size = ::flistxattr(original_.get(), nullptr, 0);
  if (size <= 0) return {};
  std::vector<char> names(static_cast<std::size_t>(size) + 1);
  if (::flistxattr(original_.get(), names.data(), static_cast<std::size_t>(size)) < 0) {
    return fail_errno(concat("list the attributes of ", path_), errno);
  }
  for (const char* name = names.data(); *name != '\0'; name += std::string_view(name).size() + 1) {
    if (auto copied = copy_attribute(original_.get(), fd_.get(), name, path_); !copied) return copied;
  }
  return {};
}

Result<void> EditedFile::prepare(std::string_view text, Durable durable) {
  if (::ftruncate(fd_.get(), 0) != 0) return fail_errno(concat("truncate ", temporary_), errno);
  if (auto written = write_all(fd_.get(), text, temporary_); !written) return written;
  if (auto kept = keep_attributes(); !kept) return kept;
  if (durable == Durable::yes && ::fsync(fd_.get()) != 0)
    return fail_errno(concat("sync ", temporary_), errno);
  return {};
}

Result<void> EditedFile::publish() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return fail_errno(concat("rename ", temporary_), errno);
  fd_.reset();
  return {};
}

}  // namespace postern::postconf
