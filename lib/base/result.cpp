#include "lib/base/result.h"

#include <cerrno>
#include <cstring>

namespace postern {

namespace {

Errc kind_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return Errc::full;
    case ENOENT: return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::denied;
    case EEXIST: return Errc::exists;
    case EPIPE:
    case ECONNRESET: return Errc::lost;
    case ETIMEDOUT: return Errc::timeout;
    default: return Errc::io;
  }
}

}  // namespace

Failure fail(Errc kind, std::string text) { return Failure(Error{kind, std::move(text), 0}); }

Failure fail_errno(std::string_view text, int number) {
  std::string whole(text);
  whole += ": ";
  whole += std::strerror(number);
  return Failure(Error{kind_of(number), std::move(whole), number});
}

}  // namespace postern
