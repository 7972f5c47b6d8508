// What all visits share and none of them changes: the parameters, and what follows from them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/config/params/screen_params.h"
#include "lib/config/settings.h"
#include "lib/daemon/server_tls.h"
#include "lib/screening/tests.h"
#include "lib/table/maps.h"
#include "lib/table/match_list.h"
#include "screen/access_list.h"
#include "screen/dialogue_setup.h"

namespace postern::screen {

struct Setup {
  // Fails with the first parameter that is wrong, or a list that has no form.
  static Result<std::unique_ptr<Setup>> load(const config::Settings& settings);
  // Takes the numbers anew that depend on a parameter, as after a change of stress. Fails as ParamGroup::follow.
  Result<void> follow(const config::Settings& settings, std::string_view name);

  config::ScreenParams params;
  config::SmtpdTlsParams tls_params;
  std::unique_ptr<DialogueSetup> dialogue;
  daemon::ServerTls tls;

  AccessList access_list;
  table::MatchList interfaces;  // postscreen_allowlist_interfaces
  bool minds_interfaces = false;
  table::Maps command_filter, discard_keywords, footers;

  bool reads_proxy = false;
  bool hands_over_sessions = true;  // screen_handoff = session
  screening::TestSet enabled;
  screening::Action greet_action{}, dnsbl_action{}, denylist_action{};
  std::string teaser;  // "220-mx.example ESMTP\r\n"; empty: none, and no test for it
  // What a client's end is called in the log: "ALLOW" or "WHITE", "DENY" or "BLACK".
  std::string_view allow_word = "ALLOW", deny_word = "DENY";
  bool says_old_words = false;  // by an old default, which is said once
  bool plain_replies = true;    // no footer, and no soft_bounce

  screening::Action action(screening::Test test) const;
  seconds ttl(screening::Test test) const;  // not of dnsbl
  seconds shortest_ttl() const;

 private:
  Result<void> read(const config::Settings& settings);
  Result<void> read_lists();
  Result<void> open_tls(const config::Settings& settings);
  void choose_tests();
  void choose_words(const config::Settings& settings);
};

}  // namespace postern::screen
