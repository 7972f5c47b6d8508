#include "screen/setup.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::screen {

using screening::Action;
using screening::Test;

namespace {

Result<void> open(table::Maps& maps, const config::Param<std::string>& param) {
  auto opened = table::Maps::open(param.name(), *param);
  if (!opened) return fail(opened.error());
  maps = std::move(*opened);
  return {};
}

// The words of these parameters were checked when they were loaded.
Action read_action(const std::string& word) { return *screening::action_of(word); }

}  // namespace

Result<std::unique_ptr<Setup>> Setup::load(const config::Settings& settings) {
  auto setup = std::make_unique<Setup>();
  auto read = setup->read(settings);
  if (!read) return fail(read.error());
  return setup;
}

Result<void> Setup::read(const config::Settings& settings) {
  auto loaded = params.load(settings);
  if (loaded) loaded = tls_params.load(settings);
  if (!loaded) return loaded;
  auto spoken = DialogueSetup::load(settings);
  if (!spoken) return fail(spoken.error());
  dialogue = std::move(*spoken);
  auto opened = open_tls(settings);
  if (!opened) return opened;
  auto lists = read_lists();
  if (!lists) return lists;
  const std::string& proxy = *params.upstream_proxy_protocol;
  if (!proxy.empty() && proxy != "haproxy") {
    return fail(Errc::invalid, concat("postscreen_upstream_proxy_protocol: unknown protocol: ", proxy));
  }
  reads_proxy = !proxy.empty();
  hands_over_sessions = *params.handoff == "session";
  if (!params.greet_banner->empty()) teaser = concat("220-", *params.greet_banner, "\r\n");
  plain_replies = !*dialogue->common.soft_bounce && dialogue->footer.empty() && !dialogue->footer_tables;
  choose_tests();
  choose_words(settings);
  return {};
}

Result<void> Setup::read_lists() {
  auto access = AccessList::open(*params.access_list, *dialogue->common.mynetworks);
  if (!access) return fail(access.error());
  access_list = std::move(*access);
  constexpr std::string_view kInterfaces = "postscreen_allowlist_interfaces";
  minds_interfaces = *params.allowlist_interfaces != "static:all";
  auto words = config::split_braced(*params.allowlist_interfaces, config::kListSeparators);
  if (!words) return fail(Errc::invalid, concat(kInterfaces, ": ", words.error().text));
  auto list = table::MatchList::parse(kInterfaces, *words, table::MatchList::Kind::addresses);
  if (!list) return fail(list.error());
  interfaces = std::move(*list);
  auto opened = open(command_filter, dialogue->params.command_filter);
  if (opened) opened = open(discard_keywords, dialogue->params.discard_ehlo_keyword_address_maps);
  if (opened) opened = open(footers, dialogue->params.reject_footer_maps);
  return opened;
}

Result<void> Setup::open_tls(const config::Settings& settings) {
  const config::ScreenDialogueParams& spoken = dialogue->params;
  auto level = daemon::tls_level(spoken.tls_security_level.name(), *spoken.tls_security_level,
                                 *spoken.use_tls, *spoken.enforce_tls);
  if (!level) return fail(level.error());
  auto opened = daemon::open_server_tls(settings, *level);
  if (!opened) return fail(opened.error());
  tls = std::move(*opened);
  dialogue->tls = tls.is_wanted();
  dialogue->tls_ready = tls.context != nullptr;
  dialogue->tls_required = tls.is_required();
  dialogue->write_replies();
  return {};
}

void Setup::choose_tests() {
  greet_action = read_action(*params.greet_action);
  dnsbl_action = read_action(*params.dnsbl_action);
  denylist_action = read_action(*params.denylist_action);
  const auto add = [this](bool on, Test test) {
    if (on) enabled.add(test);
  };
  add(!teaser.empty(), Test::pregreet);
  add(!params.dnsbl_sites->empty(), Test::dnsbl);
  add(*dialogue->params.pipelining_enable, Test::pipelining);
  add(*dialogue->params.non_smtp_command_enable, Test::non_smtp_command);
  add(*dialogue->params.bare_newline_enable, Test::bare_newline);
}

void Setup::choose_words(const config::Settings& settings) {
  if (*params.respectful_logging) return;
  allow_word = "WHITE";
  deny_word = "BLACK";
  says_old_words = settings.source("respectful_logging") == config::Source::standard;
}

Result<void> Setup::follow(const config::Settings& settings, std::string_view name) {
  auto followed = params.follow(settings, name);
  if (followed) followed = tls_params.follow(settings, name);
  if (followed) followed = dialogue->follow(settings, name);
  return followed;
}

Action Setup::action(Test test) const {
  if (test == Test::pregreet) return greet_action;
  if (test == Test::dnsbl) return dnsbl_action;
  return dialogue->action(test);
}

seconds Setup::ttl(Test test) const {
  switch (test) {
    case Test::pregreet: return *params.greet_ttl;
    case Test::dnsbl: return *params.dnsbl_max_ttl;
    case Test::pipelining: return *dialogue->params.pipelining_ttl;
    case Test::non_smtp_command: return *dialogue->params.non_smtp_command_ttl;
    case Test::bare_newline: return *dialogue->params.bare_newline_ttl;
  }
  return seconds(0);
}

seconds Setup::shortest_ttl() const {
  seconds shortest = ttl(Test::pregreet);
  for (const Test test : screening::kAllTests) shortest = std::min(shortest, ttl(test));
  return shortest;
}

}  // namespace postern::screen
