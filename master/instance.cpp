#include "master/instance.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/daemon/jail.h"

namespace postern::master {

namespace {

constexpr Duration kLockPatience = milliseconds(300);
constexpr Duration kNextTry = milliseconds(5);

enum class Owner { root, mail, postdrop };

// The directories of the queue. Those of mail_owner are closed to everybody else; commands that are set-gid
// to setgid_group reach public/ and maildrop/.
struct Directory {
  const char* name;
  mode_t mode;
  Owner owner;
};
constexpr Directory kDirectories[] = {
    {"pid", 0755, Owner::root},   {"private", 0700, Owner::mail}, {"public", 0710, Owner::postdrop},
    {"queue", 0700, Owner::mail}, {"spool", 0700, Owner::mail},   {"maildrop", 01730, Owner::postdrop}, {"corrupt", 0700, Owner::mail},
};

struct Owners {
  daemon::Identity mail;
  gid_t postdrop = 0;
  bool root = false;
};

Result<Owners> find_owners(const config::CommonParams& params) {
  Owners owners;
  owners.root = ::geteuid() == 0;
  if (!owners.root) return owners;
  auto mail = daemon::find_identity(*params.mail_owner);
  if (!mail) return fail(Errc::not_found, concat("parameter mail_owner: ", mail.error().text));
  owners.mail = std::move(*mail);
  const group* found = ::getgrnam(params.setgid_group->c_str());
  if (found == nullptr) {
    return fail(Errc::not_found, concat("parameter setgid_group: unknown group: ", *params.setgid_group));
  }
  owners.postdrop = found->gr_gid;
  return owners;
}

Result<void> give_away(const std::string& path, const Owners& owners, Owner owner) {
  if (!owners.root || owner == Owner::root) return {};
  const gid_t group = owner == Owner::postdrop ? owners.postdrop : static_cast<gid_t>(-1);
  if (::chown(path.c_str(), owners.mail.uid, group) != 0) return fail_errno(concat("chown ", path), errno);
  return {};
}

// One that is there keeps the mode and owner that the administrator gave it.
Result<void> make_directory(const std::string& path, mode_t mode, const Owners& owners, Owner owner) {
  if (::mkdir(path.c_str(), mode) != 0) {
    if (errno == EEXIST) return {};
    return fail_errno(concat("create directory ", path), errno);
  }
  if (::chmod(path.c_str(), mode) != 0) return fail_errno(concat("chmod ", path), errno);
  return give_away(path, owners, owner);
}

Result<void> make_directories(const config::CommonParams& params) {
  const auto owners = find_owners(params);
  if (!owners) return fail(owners.error());
  auto made = make_directory(*params.queue_directory, 0755, *owners, Owner::root);
  if (made && ::chdir(params.queue_directory->c_str()) != 0) {
    made = fail_errno(concat("chdir ", *params.queue_directory), errno);
  }
  for (const Directory& directory : kDirectories) {
    if (made) made = make_directory(directory.name, directory.mode, *owners, directory.owner);
  }
  if (made) made = make_directory(*params.data_directory, 0700, *owners, Owner::mail);
  return made;
}

// False when the file was removed, by a master that just ended, after we had opened it.
bool is_still_there(const std::string& path, int fd) {
  struct stat named {
  }, held{};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &held) == 0 && named.st_ino == held.st_ino;
}

// A master that was killed while it started a child leaves the lock to that, until the child runs its program.
bool lock_soon(int fd) {
  const Deadline limit = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= limit) return false;
    std::this_thread::sleep_for(kNextTry);
  }
  return true;
}

Result<Fd> lock_file(const std::string& path) {
  auto file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
  if (!file) return fail(file.error());
  if (!lock_soon(file->get())) {
    const int error = errno;
    const char* why = error == EWOULDBLOCK ? " (another master runs or starts)" : "";
    auto failure = fail_errno(concat("open lock file ", path, ": unable to set exclusive lock", why), error);
    failure.value().kind = error == EWOULDBLOCK ? Errc::busy : Errc::io;
    return failure;
  }
  if (!is_still_there(path, file->get())) return lock_file(path);
  return file;
}

std::string pid_file(const config::CommonParams& params) {
  return concat(*params.process_id_directory, "/master.pid");
}

}  // namespace

Result<Instance> Instance::take(const config::CommonParams& params) {
  auto made = make_directories(params);
  if (!made) return fail(made.error());
  Instance instance;
  instance.pid_path_ = pid_file(params);
  instance.board_path_ = concat(*params.process_id_directory, "/scoreboard");
  auto lock = lock_file(instance.pid_path_);
  if (!lock) return fail(lock.error());
  instance.pid_lock_ = std::move(*lock);
  char digit = 0;
  instance.follows_a_dead_one_ = ::pread(instance.pid_lock_.get(), &digit, 1, 0) == 1;
  lock = lock_file(concat(*params.data_directory, "/master.lock"));
  if (!lock) {
    // What a dead one has left tells the next of it.
    if (!instance.follows_a_dead_one_) ::unlink(instance.pid_path_.c_str());
    return fail(lock.error());
  }
  instance.data_lock_ = std::move(*lock);
  // Whoever finds the lock held must not signal the process that held it before us.
  if (::ftruncate(instance.pid_lock_.get(), 0) != 0)
    return fail_errno(concat("write ", instance.pid_path_), errno);
  return instance;
}

Instance Instance::resume(const config::CommonParams& params, Fd pid_lock, Fd data_lock) {
  Instance instance;
  instance.pid_path_ = pid_file(params);
  instance.board_path_ = concat(*params.process_id_directory, "/scoreboard");
  instance.pid_lock_ = std::move(pid_lock);
  instance.data_lock_ = std::move(data_lock);
  return instance;
}

// Somebody may be looking for it: there is never a moment without it.
Result<void> Instance::show_scoreboard(int scoreboard) const {
  const std::string target = concat("/proc/", ::getpid(), "/fd/", scoreboard);
  const std::string fresh = concat(board_path_, ".new");
  ::unlink(fresh.c_str());
  if (::symlink(target.c_str(), fresh.c_str()) != 0 || ::rename(fresh.c_str(), board_path_.c_str()) != 0) {
    return fail_errno(concat("create ", board_path_), errno);
  }
  return {};
}

Result<void> Instance::announce(int scoreboard) {
  auto shown = show_scoreboard(scoreboard);
  if (!shown) return shown;
  // Last: whoever knows our process id finds the scoreboard too.
  const std::string text = concat(::getpid(), "\n");
  if (::ftruncate(pid_lock_.get(), 0) != 0 || ::pwrite(pid_lock_.get(), text.data(), text.size(), 0) < 0) {
    return fail_errno(concat("write ", pid_path_), errno);
  }
  return {};
}

void Instance::withdraw() {
  if (::ftruncate(pid_lock_.get(), 0) == 0) ::unlink(pid_path_.c_str());
  ::unlink(board_path_.c_str());
}

bool is_running(const config::CommonParams& params) {
  const std::string path = concat(*params.queue_directory, "/", pid_file(params));
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0;
}

std::string missing_rights() {
  if (::geteuid() == 0) return "";
  return "started without root: no change of user or root directory, no delivery or command as other users, "
         "no ports below the limit for users";
}

}  // namespace postern::master
