#include "queue/qmgr/spools.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <unordered_set>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/queue/spool_name.h"

namespace postern::qmgr {

namespace {

std::optional<std::int64_t> id_in(const std::string& name) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (error != std::errc() || queue::spool_name(static_cast<std::int64_t>(id)) != name) return std::nullopt;
  return static_cast<std::int64_t>(id);
}

// By a descriptor of another opening than this one.
bool is_locked(int file) {
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) return true;
  ::flock(file, LOCK_UN);
  return false;
}

}  // namespace

std::string Spools::path(std::int64_t id) const { return concat(directory_, "/", queue::spool_name(id)); }

Result<void> Spools::clean(const std::vector<std::int64_t>& known) {
  std::unordered_set<std::string> names;
  for (const std::int64_t id : known) names.insert(queue::spool_name(id));
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(directory_.c_str()), &::closedir);
  if (!directory) return fail_errno(concat("open directory ", directory_), errno);
  std::vector<std::string> strays;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name.front() != '.' && !names.contains(name)) strays.push_back(name);
  }
  for (const std::string& name : strays) take_over(name);
  return {};
}

void Spools::take_over(const std::string& name) {
  const std::string file_path = concat(directory_, "/", name);
  auto file = open_file(file_path, O_RDWR | O_NOFOLLOW);
  const auto id = id_in(name);
  if (!file || !id || !is_locked(file->get())) {
    ::unlink(file_path.c_str());
  } else {
    receiving_.emplace(*id, Receiving{std::move(*file), nullptr});
  }
}

// Their receiver would have told the process through which it began.
void Spools::drop_abandoned() {
  std::erase_if(receiving_, [this](const auto& entry) {
    if (entry.second.owner != nullptr || is_locked(entry.second.file.get())) return false;
    ::unlink(path(entry.first).c_str());
    return true;
  });
}

Result<Fd> Spools::create(std::int64_t id, std::int64_t size, const void* owner) {
  drop_abandoned();
  auto made = make(id, size, owner);
  if (!made) trouble_.note(made);  // a file that can be made says nothing yet about writing it
  return made;
}

Result<Fd> Spools::make(std::int64_t id, std::int64_t size, const void* owner) {
  struct statvfs disk {};
  if (::statvfs(directory_.c_str(), &disk) == 0) {
    const auto free = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
    if (free < size + reserve_) return fail(Errc::full, concat("spool file: only ", free, " bytes are free"));
  }
  auto file = open_file(path(id), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return file;
  ::flock(file->get(), LOCK_SH);
  Fd copy(::fcntl(file->get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) {
    ::unlink(path(id).c_str());
    return fail_errno("duplicate the descriptor of a spool file", errno);
  }
  receiving_.emplace(id, Receiving{std::move(*file), owner});
  return copy;
}

net::Task<Result<void>> Spools::claim(std::int64_t id) {
  const auto place = receiving_.find(id);
  if (place == receiving_.end()) co_return fail(Errc::not_found, "no spool file is open for this message");
  auto file =
      std::make_shared<Fd>(std::move(place->second.file));  // the thread's and ours, should we be cancelled
  receiving_.erase(place);
  std::function<Result<void>()> work = [file, directory = directory_]() -> Result<void> {
    if (::fdatasync(file->get()) != 0) return fail_errno("sync a spool file", errno);
    return sync_directory(directory);
  };
  auto synced = co_await workers_.run<Result<void>>(std::move(work));
  if (!synced) ::unlink(path(id).c_str());
  co_return synced;
}

void Spools::drop(std::int64_t id) {
  if (receiving_.erase(id) != 0) ::unlink(path(id).c_str());
}

void Spools::drop_all(const void* owner) {
  if (handed_over_) return;
  for (auto place = receiving_.begin(); place != receiving_.end();) {
    if (place->second.owner != owner) {
      ++place;
      continue;
    }
    ::unlink(path(place->first).c_str());
    place = receiving_.erase(place);
  }
}

Result<Fd> Spools::open(std::int64_t id) const { return open_file(path(id), O_RDONLY | O_NOFOLLOW); }

void Spools::remove(std::int64_t id) const {
  if (::unlink(path(id).c_str()) != 0) log_warning(concat("remove ", path(id), ": errno ", errno));
}

}  // namespace postern::qmgr
