// What all dialogues share and none of them changes: whole replies, made once from the parameters.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/params/access_params.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/config/params/screen_dialogue_params.h"
#include "lib/config/params/smtpd_params.h"
#include "lib/config/settings.h"
#include "lib/screening/tests.h"
#include "lib/wire/server_rules.h"

namespace postern::screen {

struct DialogueSetup {
  // Fails with the first parameter that is wrong.
  static Result<std::unique_ptr<DialogueSetup>> load(const config::Settings& settings);
  // Takes the numbers anew that depend on a parameter, as after a change of stress, with the replies that follow from them.
  // Fails as ParamGroup::follow.
  Result<void> follow(const config::Settings& settings, std::string_view name);

  config::ScreenDialogueParams params;
  config::SmtpdParams smtpd;
  config::AccessParams access;
  config::LimitParams limits;
  config::CommonParams common;

  wire::ServerRules server;
  std::string ehlo_server, ehlo_in_turn;  // smtpd's, with and without PIPELINING
  wire::Offer offer_dummy;                // postscreen's, before keywords are discarded
  wire::Discarded discarded;              // postscreen_discard_ehlo_keywords
  std::string ehlo_dummy;
  wire::CommandWords forbidden_commands;
  std::string timeout_reply, limit_reply;  // whole lines
  std::string footer;                      // postscreen_reject_footer
  std::string footer_filter;               // the characters that values in footers may have
  bool footer_tables = false;              // footers come from Dialogue::add_footer()
  // TLS is offered; there are keys for it; what comes before it is refused. Set, then write_replies(), by who has the keys.
  bool tls = false;
  bool tls_ready = false;
  bool tls_required = false;

  // smtpd might answer otherwise before RCPT (smtpd_delay_reject = no, with restrictions for clients, names or senders;
  // smtpd_command_filter): a session should be its own from the greeting on.
  bool judges_early = false;
  // A line without CR is smtpd's business (smtpd_forbid_bare_newline = note or reject).
  bool minds_bare_newline = false;

  const std::string& host() const { return *common.myhostname; }
  screening::Action action(screening::Test test) const { return actions[static_cast<std::size_t>(test)]; }
  void write_replies();

 private:
  std::array<screening::Action, screening::kTests> actions{};
  std::array<config::ParamGroup*, 5> groups() { return {&params, &smtpd, &access, &limits, &common}; }
  void read_actions();
};

}  // namespace postern::screen
