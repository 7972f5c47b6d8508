// What all sessions of a process share and none of them changes: the parameters, and what follows from them.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/config/overrides.h"
#include "lib/config/params/access_params.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/content_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/config/params/process_params.h"
#include "lib/config/params/qmgr_params.h"
#include "lib/config/params/smtpd_params.h"
#include "lib/config/params/smtpd_tls_params.h"
#include "lib/config/settings.h"
#include "lib/daemon/server_tls.h"
#include "lib/mail/queue_id.h"
#include "lib/table/maps.h"
#include "lib/table/match_list.h"
#include "lib/wire/content.h"
#include "lib/wire/server_rules.h"
#include "smtpd/load.h"

namespace postern::smtpd {

struct Setup {
  // Fails with the first parameter that is wrong, or a list that cannot be opened.
  static Result<std::unique_ptr<Setup>> load(const config::Settings& settings);

  config::CommonParams common;
  config::SmtpdParams smtpd;
  config::AccessParams access;
  config::LimitParams limits;
  config::QmgrParams queue;
  config::ProcessParams process;
  config::ReceiveParams receive;
  config::SmtpdTlsParams tls_params;

  wire::ServerRules rules;
  Load load_limits;                           // of a process without a session
  std::string ehlo_reply, ehlo_reply_in_tls;  // whole lines
  daemon::ServerTls tls;
  std::string service;  // as master.cf names it
  bool long_queue_ids = false;
  config::Overrides overrides;
  wire::BareNewline bare_newline = wire::BareNewline::normalize;
  table::MatchList bare_newline_exclusions;
  table::MatchList without_rates;  // clients
  table::Maps command_filter;
  std::string footer_filter;  // the characters that values in smtpd_reject_footer may have

  // Takes the numbers anew that depend on a parameter, as after a change of stress, with the rules and replies that
  // follow from them. Fails as ParamGroup::follow.
  Result<void> follow(const config::Settings& settings, std::string_view name);

  const std::string& host() const { return *common.myhostname; }
  Duration timeout() const { return *smtpd.timeout; }
  // Of a command, in bytes.
  std::size_t longest_line() const { return static_cast<std::size_t>(*limits.line_length_limit); }
  // A queue id as log and replies show it.
  std::string text_of(mail::QueueId id) const { return long_queue_ids ? id.long_text() : id.short_text(); }

 private:
  std::array<config::ParamGroup*, 8> groups();
  Result<void> read(const config::Settings& settings);
  Result<void> read_overrides();
  Result<void> choose_bare_newline();
  Result<void> open_tls(const config::Settings& settings);
  void write_replies();
};

}  // namespace postern::smtpd
