// The log of the mail system, for a command that changes something: each line goes there and to standard error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/log_destination.h"
#include "lib/config/params/common_params.h"

namespace postern::commands {

class MailLog {
 public:
  // Lines of `program` go where maillog_file says, or to the system log. A log that cannot be opened is said once on standard
  // error; standard output of the mail system is out of reach, and then standard error has to do.
  MailLog(std::string program, const config::CommonParams& common);
  ~MailLog();
  MailLog(const MailLog&) = delete;
  MailLog& operator=(const MailLog&) = delete;

  void info(std::string_view text) const;
  void warning(std::string_view text) const;

 private:
  void say(std::string_view word, std::string_view text) const;

  std::string program_;
  std::optional<log::SystemLog> system_;
  bool open_ = false;
};

}  // namespace postern::commands
