// One letter on its way to postdrop, which alone may write into maildrop/.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/queue/maildrop.h"

namespace postern::sendmail {

// How postdrop is run.
struct Tools {
  std::string directory;  // command_directory
  std::string config_directory;
};

class Submission {
 public:
  // Starts postdrop and hands it the envelope. Fails when it cannot be started.
  static Result<Submission> begin(const Tools& tools, const queue::Dropped& envelope);
  Submission(Submission&& other) noexcept;
  Submission& operator=(Submission&&) = delete;
  // A letter that is not finished is not kept: postdrop sees that it breaks off.
  ~Submission();

  // What postdrop does not want any more is dropped: finish() tells.
  void write(std::string_view content);
  // The letter is complete. The exit status of postdrop: 0 when the letter is on disk.
  int finish();

 private:
  Submission(pid_t child, Fd pipe) : child_(child), pipe_(std::move(pipe)) {}
  void flush();
  int wait();
  pid_t child_;
  Fd pipe_;
  std::string out_;
};

}  // namespace postern::sendmail
