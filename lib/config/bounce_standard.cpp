// The built-in notifications. People who know nothing of mail systems read them: what happened, what is to be
// done, whom to ask.
#include "lib/config/bounce_template.h"

namespace postern::config {

namespace {

constexpr std::string_view kFailure =
    R"(Hello, this is the mail server $myhostname.

Your message did not reach everyone that you sent it to. Each
address that failed is listed below with the reason, followed by
your message.

We will not try again. If the reason does not help you, please
write to postmaster, and include this report. You may leave out
the text of your message.
)";

constexpr std::string_view kDelay =
    R"(Hello, this is the mail server $myhostname.

Your message is late, but not lost. There is nothing that you have
to do, so please do not send it again.

For $delay_warning_time_hours hour(s) or more it could not be delivered to the
addresses below. We keep trying until it is $maximal_queue_lifetime_days day(s) old, and
will tell you if we have to give up.

If you have questions, please write to postmaster, and include this
report. You may leave out the text of your message.
)";

constexpr std::string_view kSuccess =
    R"(Hello, this is the mail server $myhostname.

Good news: your message was delivered to the addresses below.

If the mailbox is on this server, that is all there is to tell. If
the message went on to another system, that system may still report
a problem to you.
)";

constexpr std::string_view kVerify =
    R"(Hello, this is the mail server $myhostname.

Here is the delivery report that you asked for.
)";

struct Standard {
  std::string_view subject, postmaster_subject, text;
};

// In the order of BounceKind.
constexpr Standard kStandards[] = {
    {"Your message could not be delivered", "For the postmaster: a message could not be delivered", kFailure},
    {"Your message is delayed, we keep trying", "For the postmaster: a message is delayed", kDelay},
    {"Your message was delivered", "", kSuccess},
    {"The delivery report that you asked for", "", kVerify}};

}  // namespace

BounceTemplate standard_template(BounceKind kind) {
  const auto& standard = kStandards[static_cast<std::size_t>(kind)];
  BounceTemplate made;
  made.kind = kind;
  made.origin = kBuiltIn;
  made.charset = "us-ascii";
  made.from = "Mail Delivery Service <MAILER-DAEMON>";
  made.subject = standard.subject;
  made.postmaster_subject = standard.postmaster_subject;
  made.text = standard.text;
  return made;
}

}  // namespace postern::config
