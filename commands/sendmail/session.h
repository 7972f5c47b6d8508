// sendmail -bs: an SMTP session on standard input and output, for programs that know no other way. There is no policy:
// whoever may submit mail may submit this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/sendmail/submission.h"
#include "lib/mail/status.h"
#include "lib/queue/maildrop.h"
#include "lib/wire/command.h"

namespace postern::sendmail {

struct SessionSetup {
  Tools tools;
  std::string host;
  std::string greeting;            // smtpd_banner
  std::int64_t size_limit = 0;     // message_size_limit, bytes; 0: none
  std::int64_t timeout = 300;      // smtpd_timeout, seconds for a command or a piece of content
  std::size_t recipient_limit = 1000;
  int error_limit = 20;            // smtpd_hard_error_limit
};

class Session {
 public:
  // Reads from one descriptor and writes to the other. Both outlive the session.
  Session(SessionSetup setup, int input, int output)
      : setup_(std::move(setup)), input_(input), output_(output) {}
  // To its end. The exit status of the program.
  int run();

 private:
  std::optional<std::string> next_line();
  bool fill();
  void reply(const mail::Status& status);
  void refuse(const mail::Status& status);
  void send(std::string_view text);
  void obey(const wire::Command& command);
  void obey(const wire::Helo& helo);
  void obey(const wire::Ehlo& ehlo);
  void obey(const wire::Mail& mail);
  void obey(const wire::Rcpt& rcpt);
  void obey(const wire::Data& data);
  void receive(Submission& submission);
  mail::Status outcome_of(int status) const;

  SessionSetup setup_;
  int input_, output_;
  std::string in_;
  std::string out_;
  bool open_ = true;
  bool greeted_ = false;
  int errors_ = 0;
  std::optional<queue::Dropped> mail_;
};

}  // namespace postern::sendmail
