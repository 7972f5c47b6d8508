// Errors as values. Everything that a peer, a file, the kernel or an administrator can cause comes back as a
// Result; exceptions are left for bugs and exhausted memory.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace postern {

// What kind of thing went wrong: for decisions. The text of an Error is for people.
enum class Errc {
  invalid,        // the input does not have the form that was asked for
  not_found,      // the thing that was named does not exist
  exists,         // it exists already
  denied,         // not allowed
  timeout,        // a deadline passed
  lost,           // the peer is gone
  too_long,       // a bound was exceeded
  full,           // no room: disk, queue, memory limit
  busy,           // somebody else has it, or a limit is reached: try again later
  shutting_down,  // we are leaving
  io,             // the kernel refused, `sys` says why
};

struct Error {
  Errc kind = Errc::invalid;
  std::string text;  // what and where, with the object's name: "open /etc/x: Permission denied"
  int sys = 0;       // errno, or 0
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Failure = tl::unexpected<Error>;

// The value that a function returns to fail.
Failure fail(Errc kind, std::string text);

// The same from errno: the text becomes "TEXT: strerror", the kind follows from the number
// (ENOSPC and EDQUOT: full; ENOENT: not_found; EACCES, EPERM, EROFS: denied; EEXIST: exists; EPIPE and
// ECONNRESET: lost; others: io).
Failure fail_errno(std::string_view text, int number);

// Passes an error up.
inline Failure fail(Error error) { return tl::make_unexpected(std::move(error)); }

}  // namespace postern
