// One maildir, held open: files are written in tmp/ and moved to new/ under the name that readers see. All calls act
// with the rights of the calling thread.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <string>

#include "deliver/common/identity.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace postern::deliver {

// A message in tmp/ that is being written.
struct MaildirFile {
  Fd fd;
  std::string temporary;  // its name in tmp/
  std::string name;       // its name in new/ later: SECONDS.VdeviceIinodeMmicros.HOST
  dev_t device = 0;
};

class Maildir {
 public:
  // Opens the maildir; what is missing of its directories and those above is made, with mode 0700, and made
  // durable. Fails with the name of what could not be made or opened.
  static Result<std::shared_ptr<Maildir>> open(const std::string& path);

  // A new empty file of mode 0600.
  Result<MaildirFile> create(const std::string& host);
  // Moves a file to new/. What has this name there is never replaced.
  Result<void> publish(const MaildirFile& file);
  // Removes a file from tmp/, or from new/ after it was published.
  void discard(const MaildirFile& file);
  void withdraw(const MaildirFile& file);

  int new_directory() const { return new_.get(); }
  dev_t device() const { return device_; }
  const std::string& path() const { return path_; }

 private:
  explicit Maildir(std::string path) : path_(std::move(path)) {}
  std::string path_;
  Fd tmp_;
  Fd new_;
  dev_t device_ = 0;
};

// The maildirs that were used lately, for a short time: one that is moved away or removed is noticed then. One
// thread at a time.
class MaildirCache {
 public:
  // As Maildir::open().
  Result<std::shared_ptr<Maildir>> open(const std::string& path, Owner owner);
  // Forgets a maildir in which something went wrong.
  void forget(const std::string& path);

 private:
  static constexpr std::size_t kMost = 32;
  static constexpr Duration kKept = seconds(1);
  struct Entry {
    std::shared_ptr<Maildir> maildir;  // shared with the deliveries of the running batch
    Owner owner;
    Instant opened;
  };
  std::list<Entry> entries_;  // the latest first
};

}  // namespace postern::deliver
