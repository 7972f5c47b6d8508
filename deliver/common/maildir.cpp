#include "deliver/common/maildir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>

#include "lib/base/text.h"

namespace postern::deliver {

namespace {

enum class Made { yes, was_there };

// Makes a directory and those above it that are missing.
Result<Made> make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return Made::yes;
  if (errno == EEXIST) return Made::was_there;
  const auto slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
    return fail_errno(concat("make directory ", path), errno);
  }
  auto above = make_directories(path.substr(0, slash));
  if (!above) return above;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(concat("make directory ", path), errno);
  return Made::yes;
}

Result<Fd> open_directory(const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); }

std::string final_name(const timespec& now, const struct stat& file, const std::string& host) {
  char unique[96];
  std::snprintf(unique, sizeof unique, "%lld.V%llxI%llxM%06ld.", static_cast<long long>(now.tv_sec),
                static_cast<unsigned long long>(file.st_dev), static_cast<unsigned long long>(file.st_ino),
                now.tv_nsec / 1000);
  return unique + host;
}

}  // namespace

Result<std::shared_ptr<Maildir>> Maildir::open(const std::string& path) {
  // Not make_shared: the constructor is private.
  std::shared_ptr<Maildir> maildir(new Maildir(path.substr(0, path.find_last_not_of('/') + 1)));
  const std::string& base = maildir->path_;
  auto tmp = open_directory(base + "/tmp");
  auto fresh = open_directory(base + "/new");
  if (!tmp || !fresh) {
    for (const auto* name : {"/tmp", "/new", "/cur"}) {
      auto made = make_directories(base + name);
      if (!made) return fail(made.error());
    }
    tmp = open_directory(base + "/tmp");
    fresh = open_directory(base + "/new");
    if (!tmp) return fail(tmp.error());
    if (!fresh) return fail(fresh.error());
    // Rare, and the directories above may not be ours to open: all of the file system at once.
    if (::syncfs(fresh->get()) != 0) return fail_errno(concat("sync ", base), errno);
  }
  struct stat status {};
  if (::fstat(fresh->get(), &status) != 0) return fail_errno(concat("stat ", base), errno);
  maildir->tmp_ = std::move(*tmp);
  maildir->new_ = std::move(*fresh);
  maildir->device_ = status.st_dev;
  return maildir;
}

Result<MaildirFile> Maildir::create(const std::string& host) {
  static std::atomic<unsigned> count = 0;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  MaildirFile file;
  file.temporary = concat(now.tv_sec, ".P", ::getpid(), "Q", count++, ".", host);
  file.fd = Fd(::openat(tmp_.get(), file.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  struct stat status {};
  if (!file.fd || ::fstat(file.fd.get(), &status) != 0) {
    return fail_errno(concat("create maildir file ", path_, "/tmp/", file.temporary), errno);
  }
  file.name = final_name(now, status, host);
  file.device = status.st_dev;
  return file;
}

Result<void> Maildir::publish(const MaildirFile& file) {
  const char* from = file.temporary.c_str();
  const char* to = file.name.c_str();
  if (::renameat2(tmp_.get(), from, new_.get(), to, RENAME_NOREPLACE) == 0) return {};
  // A file system without that flag: a link never replaces.
  if ((errno == EINVAL || errno == ENOSYS) && ::linkat(tmp_.get(), from, new_.get(), to, 0) == 0) {
    discard(file);
    return {};
  }
  return fail_errno(concat("create maildir file ", path_, "/new/", file.name), errno);
}

void Maildir::discard(const MaildirFile& file) { ::unlinkat(tmp_.get(), file.temporary.c_str(), 0); }

void Maildir::withdraw(const MaildirFile& file) { ::unlinkat(new_.get(), file.name.c_str(), 0); }

Result<std::shared_ptr<Maildir>> MaildirCache::open(const std::string& path, Owner owner) {
  const auto now = std::chrono::steady_clock::now();
  const auto base = std::string_view(path).substr(0, path.find_last_not_of('/') + 1);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.owner == owner && entry.maildir->path() == base;
  });
  if (found != entries_.end() && found->opened + kKept > now) {
    entries_.splice(entries_.begin(), entries_, found);
    return found->maildir;
  }
  if (found != entries_.end()) entries_.erase(found);
  auto opened = Maildir::open(path);
  if (!opened) return opened;
  entries_.push_front({*opened, owner, now});
  if (entries_.size() > kMost) entries_.pop_back();
  return opened;
}

void MaildirCache::forget(const std::string& path) {
  const auto base = std::string_view(path).substr(0, path.find_last_not_of('/') + 1);
  entries_.remove_if([&](const Entry& entry) { return entry.maildir->path() == base; });
}

}  // namespace postern::deliver
