#include "deliver/common/file_delivery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "deliver/common/content.h"
#include "deliver/common/maildir.h"
#include "deliver/common/mbox.h"
#include "deliver/common/outcome.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::deliver {

namespace {

Result<void> to_maildir(const RunCommand& what, const ipc::Deliver& message, const std::string& host) {
  const auto maildir = Maildir::open(what.file);
  if (!maildir) return fail(maildir.error());
  const auto file = (*maildir)->create(host);
  if (!file) return fail(file.error());
  auto done = write_content(file->fd.get(), what.head, message);
  if (done && ::fsync(file->fd.get()) != 0) done = fail_errno("sync message", errno);
  if (done) done = (*maildir)->publish(*file);
  if (!done) {
    (*maildir)->discard(*file);
    return done;
  }
  if (::fsync((*maildir)->new_directory()) == 0) return {};
  const int number = errno;
  (*maildir)->withdraw(*file);
  return fail_errno(concat("sync ", what.file, "new"), number);
}

// A terminal, a printer, /dev/null: there is nothing to lock, and nothing to undo.
Result<void> to_device(const RunCommand& what, const ipc::Deliver& message) {
  auto device = open_file(what.file, O_WRONLY | O_NOCTTY);
  if (!device) return fail(device.error());
  return write_quoted(device->get(), from_line(what.sender, wall_micros()) + what.head, message);
}

bool is_device(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode);
}

}  // namespace

int deliver_to_file(const RunCommand& what, const std::string& host, const LockRules& locks) {
  ipc::Deliver message;
  message.sender = what.sender;
  message.spool = Fd(::dup(STDIN_FILENO));
  LockRules rules = locks;
  rules.own_only = false;
  Result<void> done;
  if (what.file.ends_with('/')) {
    done = to_maildir(what, message, host);
  } else if (is_device(what.file)) {
    done = to_device(what, message);
  } else {
    const auto head = from_line(what.sender, wall_micros()) + what.head;
    done = append_to_mbox(what.file, head, message, what.most, rules);
  }
  if (done) return 0;
  const auto outcome =
      mailbox_failure(what.file.ends_with('/') ? std::string("maildir delivery failed: ")
                                               : concat("cannot append message to file ", what.file, ": "),
                      done.error());
  static_cast<void>(write_all(STDOUT_FILENO, concat(outcome.dsn, " ", outcome.text), "result"));
  return 1;
}

}  // namespace postern::deliver
