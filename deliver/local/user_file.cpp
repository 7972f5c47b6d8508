#include "deliver/local/user_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "deliver/common/identity.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::deliver {

namespace {

constexpr std::size_t kLargest = 16u << 20;

// By the descriptor: the name may mean something else by now.
Result<std::string> read_all(int fd) {
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read", errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kLargest) return fail(Errc::too_long, "it is too large");
  }
}

// Reads what was looked at: the checks are of the open file.
void read_open(UserFile& file, std::string_view what, const std::optional<table::Account>& account,
               int flags) {
  const Fd opened(::open(file.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags));
  if (!opened) {
    file.problem = concat("cannot open ", what, ' ', file.path, ": ", std::strerror(errno));
    return;
  }
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) {
    file.problem = concat("stat ", file.path, ": ", std::strerror(errno));
    return;
  }
  file.owner = status.st_uid;
  if (!S_ISREG(status.st_mode)) {
    file.problem = concat(what, ' ', file.path, " is not a regular file");
  } else if (account && status.st_uid != 0 && status.st_uid != account->uid) {
    file.problem = concat(what, ' ', file.path, " has bad owner uid ", status.st_uid);
  } else if ((status.st_mode & S_IWOTH) != 0) {
    file.problem = concat(what, ' ', file.path, " is world writable");
  }
  if (!file.problem.empty()) return;
  auto text = read_all(opened.get());
  if (text) {
    file.text = std::move(*text);
  } else {
    file.problem = concat("cannot read ", what, ' ', file.path, ": ", text.error().text);
  }
}

}  // namespace

UserFile read_forward_file(const std::vector<std::string>& paths, const table::Account& account) {
  UserFile file;
  ThreadIdentity identity;
  const auto became = identity.become({account.uid, account.gid});
  for (std::size_t i = 0; i < paths.size() && became; ++i) {
    struct stat status {};
    if (::lstat(paths[i].c_str(), &status) != 0) continue;
    file.path = paths[i];
    file.which = i;
    if (!S_ISREG(status.st_mode)) {
      file.problem = concat("file ", file.path, " is not a regular file");
    } else {
      read_open(file, "file", account, O_NOFOLLOW);
    }
    break;
  }
  identity.restore();
  return file;
}

UserFile read_include_file(const std::string& path, const std::optional<table::Account>& account) {
  UserFile file;
  file.path = path;
  ThreadIdentity identity;
  const auto became = account ? identity.become({account->uid, account->gid}) : Result<void>();
  if (became) {
    read_open(file, ":include: file", std::nullopt, 0);
  } else {
    file.problem = became.error().text;
  }
  identity.restore();
  return file;
}

}  // namespace postern::deliver
