#include "lib/control/traces.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/master_cf.h"

namespace postern::control {

namespace {

Result<void> remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(concat("remove ", path), errno);
  return {};
}

bool is_of_a_service(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && (S_ISSOCK(found.st_mode) || S_ISFIFO(found.st_mode));
}

Result<void> remove_sockets(const MailSystem& system) {
  const auto file = config::MasterCf::read(system.directory() + "/master.cf");
  if (!file) return fail(file.error());
  for (const config::Service& service : file->in_force()) {
    const bool is_path =
        service.type != config::SocketType::inet && service.name.find("..") == std::string::npos;
    const std::string path =
        system.queue_path(concat(service.private_ ? "private/" : "public/", service.name));
    if (!is_path || !is_of_a_service(path)) continue;
    auto removed = remove(path);
    if (!removed) return removed;
  }
  return {};
}

}  // namespace

Result<void> remove_traces(const MailSystem& system) {
  const std::string path = system.queue_path(concat(*system.common().process_id_directory, "/master.pid"));
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno == ENOENT ? Result<void>() : fail_errno(concat("open ", path), errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return {};  // another one has begun
  auto removed = remove_sockets(system);
  if (removed) removed = remove(system.scoreboard());
  if (removed) removed = remove(path);
  return removed;
}

}  // namespace postern::control
