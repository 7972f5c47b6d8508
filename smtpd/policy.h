// Who may do what: the restriction lists, asked at each step of a session. Facts in, verdict out; a table may
// have to be asked, nothing else is done here, and nothing is logged but faults of the configuration.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "lib/config/settings.h"
#include "lib/mail/address.h"
#include "lib/mail/status.h"
#include "lib/net/task.h"
#include "lib/table/match_list.h"
#include "lib/table/resolve.h"
#include "smtpd/access.h"
#include "smtpd/peer.h"
#include "smtpd/restriction.h"
#include "smtpd/setup.h"

namespace postern::smtpd {

enum class Stage { connect, helo, mail, rcpt, data, end_of_data };

// What is known of a session at one moment. What it points to must live until the verdict.
struct Case {
  const Peer* client = nullptr;
  std::string_view helo;                     // empty: none was given
  const mail::Address* sender = nullptr;     // from MAIL on
  const mail::Address* recipient = nullptr;  // at RCPT
  bool pipelined = false;                    // the client spoke before it was its turn
};

// The reply that refuses; nothing when all is well.
using Refusal = std::optional<mail::Status>;

class Policy {
 public:
  // Opens the tables. The setup and the resolver must outlive the policy. Fails when no list would keep
  // strangers from relaying, as Postfix does, or when parameters are wrong.
  static Result<std::unique_ptr<Policy>> open(const Setup& setup, const config::Settings& settings,
                                              const table::Resolver& resolver);

  // What the lists of a stage say. With smtpd_delay_reject the lists of connect, helo and mail are asked at
  // RCPT, before those of RCPT.
  net::Task<Refusal> judge(Stage stage, const Case& facts) const;

 private:
  // The list that a restriction stands in: what its refusal speaks of.
  enum class Subject { client, helo, sender, recipient, data, content };
  struct Verdict {
    enum class Kind { dunno, permit, refuse } kind = Kind::dunno;
    mail::Status status{};
  };

  Policy(const Setup& setup, const table::Resolver& resolver) : setup_(setup), resolver_(resolver) {}
  Result<void> read(const config::Settings& settings);

  net::Task<Refusal> at_rcpt(const Case& facts) const;
  net::Task<Refusal> walk(const Restrictions& list, Subject subject, const Case& facts) const;
  net::Task<Verdict> obey(const Restriction& restriction, Subject subject, const Case& facts) const;
  net::Task<Verdict> obey(Word word, Subject subject, const Case& facts) const;
  net::Task<Verdict> check_access(const Restriction& restriction, Subject subject, const Case& facts) const;
  net::Task<Verdict> destination(Word word, const Case& facts) const;
  net::Task<Verdict> unlisted(const mail::Address& address, Subject subject, const Case& facts) const;

  Verdict plain(Word word, Subject subject, const Case& facts) const;
  Verdict host_name(Word word, const Case& facts) const;
  Verdict full_address(const mail::Address* address, Subject subject) const;
  std::vector<std::string> keys(Word word, const Case& facts) const;
  Verdict routed_to_error(const table::Listing& listing, mail::Dsn dsn, Subject subject,
                          std::string_view address) const;
  int unknown_user_code(table::AddressClass address_class) const;

  static std::string subject_name(Subject subject, const Case& facts);
  static Verdict permit_if(bool allowed);
  static Verdict refuse(int code, mail::Dsn dsn, std::string text);
  // "<NAME>: SUBJECT rejected: WHY"
  static Verdict refuse_subject(int code, mail::Dsn dsn, Subject subject, std::string_view name,
                                std::string_view why);
  static Verdict try_again(const Error& error, std::string_view name);

  const Setup& setup_;
  const table::Resolver& resolver_;
  table::MatchList mynetworks_;
  Parents parents_ = Parents::dotted;
  Restrictions client_, helo_, sender_, relay_, recipient_, data_, content_;
};

}  // namespace postern::smtpd
