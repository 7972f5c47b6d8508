#include "commands/queue/mail_log.h"

#include <fcntl.h>

#include <cstdio>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::commands {

MailLog::MailLog(std::string program, const config::CommonParams& common) : program_(std::move(program)) {
  log::Setup setup;
  setup.tag = concat(*common.syslog_name, "/", program_);
  setup.host = *common.myhostname;
  const std::string& file = *common.maillog_file;
  if (file == "/dev/stdout") return;
  if (!file.empty()) {
    auto opened = log::open_destination(file);
    if (!opened) {
      say("warning: ", opened.error().text);
      return;
    }
    setup.fd = std::move(*opened);
  } else {
    auto system = log::SystemLog::open();
    if (!system || !system->is_connected()) return;
    setup.target = log::Target::syslog;
    setup.fd = Fd(::fcntl(system->fd(), F_DUPFD_CLOEXEC, 3));
    system_.emplace(std::move(*system));
  }
  log::open(std::move(setup));
  open_ = true;
}

MailLog::~MailLog() {
  if (open_) log::finish();
}

void MailLog::say(std::string_view word, std::string_view text) const {
  std::fprintf(stderr, "%s: %s%s\n", program_.c_str(), std::string(word).c_str(), printable(text).c_str());
}

void MailLog::info(std::string_view text) const {
  say("", text);
  if (open_) log_info(text);
}

void MailLog::warning(std::string_view text) const {
  say("warning: ", text);
  if (open_) log_warning(text);
}

}  // namespace postern::commands
