// Where a log can go. Nothing here waits: not for the reader of a pipe, nor for a log daemon.
#pragma once

#include <sys/stat.h>

#include <ctime>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace postern::log {

// The destination named by maillog_file, for Target::descriptor. A path is opened to append (created with mode 0600 when
// it is new, in a directory that must exist); a pipe need not have a reader. "/dev/stdout" becomes descriptor 1 where that is
// a regular file, otherwise a fresh non-blocking description of it; where the kernel does not allow that (standard output of
// another user), descriptor 1 itself becomes non-blocking, for all who share it. Fails when it cannot be opened.
Result<Fd> open_destination(const std::string& maillog_file);

// The socket of the system log, for Target::syslog: one open description that several processes share. Who holds the
// object keeps it connected for all of them, so that those in a jail need not find the path.
class SystemLog {
 public:
  static constexpr const char* kPath = "/dev/log";

  // Fails only when there can be no socket. Connects if somebody is there.
  static Result<SystemLog> open(std::string path = kPath);

  // Connects to who is there now, if that is another than before: for once a second. True when connected.
  bool renew();
  bool is_connected() const { return connected_; }
  int fd() const { return fd_.get(); }

 private:
  std::string path_;
  Fd fd_;
  bool connected_ = false;
  struct stat at_ {};  // the path, when we connected
};

}  // namespace postern::log
