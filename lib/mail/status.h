// The outcome of a mail command or of a delivery, in one object: what the peer is told, what the queue
// decides and what a bounce reports. Reply codes are RFC 5321 4.2, enhanced codes RFC 3463. The public text
// never quotes configuration or errno; what the administrator should know goes into `cause`, for the log
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

// An enhanced status code "class.subject.detail". All zero: there is none.
struct Dsn {
  std::uint16_t kind = 0;  // 2, 4 or 5
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;

  bool given() const { return kind != 0; }
  std::string text() const;
  bool operator==(const Dsn&) const = default;
};

// "5.7.1" and nothing around it. The class is 2, 4 or 5; subject and detail have one to three digits without
// leading zeros (RFC 3463 2).
std::optional<Dsn> parse_dsn(std::string_view text);

struct LeadingDsn {
  Dsn dsn;                // not given() when the text does not begin with one
  std::string_view rest;  // the text after it and the blanks that follow
};
// Takes the enhanced code off the front of a reply text: "5.7.1 Go away".
LeadingDsn split_dsn(std::string_view text);

struct Status {
  int code = 250;
  Dsn dsn{2, 0, 0};
  std::string text = "Ok";  // for the peer; may hold several lines, separated by LF
  std::string cause = {};   // for the log

  bool ok() const { return code >= 200 && code < 400; }
  bool temporary() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500; }

  // "550 5.1.1 User unknown": as the log and bounces show it. Without an enhanced code it is left out.
  std::string reply() const;
  Status because(std::string reason) const;  // the same, with a cause
  Status softened() const;                   // soft_bounce: a permanent status becomes the temporary one
  bool operator==(const Status&) const = default;
};

// Makes a status from the form that administrators write in tables and replies: "550 5.7.1 text", "550 text"
// or "5.7.1 text". What is missing is derived: the code from the class (2: 250, 4: 450, 5: 550), the enhanced
// code from the code (x.7.1, as policy refusals are). A class that contradicts the code follows the code.
// Nothing when there is neither.
std::optional<Status> parse_status(std::string_view text);

// The statuses that several programs give, worded as administrators know them.
namespace status {

Status ok(std::string_view text = "Ok");
Status queued(std::string_view queue_id);              // 250 2.0.0 Ok: queued as ID
Status bye();                                          // 221 2.0.0 Bye
Status not_recognized();                               // 500 5.5.2
Status syntax(std::string_view usage);                 // 501 5.5.4 Syntax: USAGE
Status bad_sender_syntax();                            // 501 5.1.7
Status bad_recipient_syntax();                         // 501 5.1.3
Status bad_parameter(std::string_view name);           // 501 5.5.4 Bad NAME parameter syntax
Status unsupported_option(std::string_view option);    // 555 5.5.4
Status not_implemented(std::string_view what);         // 502 5.5.1 Error: WHAT
Status tls_ready();                                    // 220 2.0.0 Ready to start TLS
Status text_behind_starttls(std::string_view host);    // 421 4.7.0 HOST Error: text behind STARTTLS
Status tls_required();                                 // 530 5.7.0 Must issue a STARTTLS command first
Status tls_active();                                   // 554 5.5.1 Error: TLS already active
Status tls_unavailable();                              // 454 4.7.0 TLS not available due to local problem
Status out_of_order(std::string_view need);            // 503 5.5.1 Error: need NEED command
Status too_long();                                     // 500 5.5.2 Error: command too long
Status too_big();                                      // 552 5.3.4 message size
Status too_many_recipients();                          // 452 4.5.3
Status no_space();                                     // 452 4.3.1
Status queue_error();                                  // 451 4.3.0 Error: queue file write error
Status server_error();                                 // 451 4.3.0 Temporary lookup failure
Status timeout(std::string_view host);                 // 421 4.4.2
Status bare_newline(std::string_view host, int code);  // 550 5.5.2 bare <LF> received
Status protocol_error(int code);                       // 550 5.5.1 Protocol error
Status foreign_protocol(int code);                     // 221 2.7.0 Error: I can break rules, too. Goodbye.
Status relay_denied(std::string_view recipient);       // 554 5.7.1

}  // namespace status

}  // namespace postern::mail
