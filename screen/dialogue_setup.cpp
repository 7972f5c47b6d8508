#include "screen/dialogue_setup.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::screen {

using screening::Test;

namespace {

// A text that is not expanded, unless it is nothing but the name of another such text.
std::string unexpanded(const config::Settings& settings, std::string value) {
  constexpr int kDeepest = 10;
  for (int depth = 0; depth < kDeepest && value.starts_with('$'); ++depth) {
    auto other = settings.raw(std::string_view(value).substr(1));
    if (!other) break;
    value = std::move(*other);
  }
  return value;
}

}  // namespace

Result<std::unique_ptr<DialogueSetup>> DialogueSetup::load(const config::Settings& settings) {
  auto setup = std::make_unique<DialogueSetup>();
  for (config::ParamGroup* group : setup->groups()) {
    const auto loaded = group->load(settings);
    if (!loaded) return fail(loaded.error());
  }
  setup->read_actions();
  setup->forbidden_commands =
      wire::command_words(*setup->params.forbidden_commands, "postscreen_forbidden_commands");
  const auto& words = *setup->params.discard_ehlo_keywords;
  setup->discarded = wire::Discarded(words);
  setup->footer_filter = unescaped(unexpanded(settings, *setup->params.expansion_filter));
  setup->footer = unexpanded(settings, *setup->params.reject_footer);
  setup->footer_tables = !setup->params.reject_footer_maps->empty();
  const auto& access = setup->access;
  const bool restricts = !access.client_restrictions->empty() || !access.helo_restrictions->empty() ||
                         !access.sender_restrictions->empty();
  setup->judges_early = (!*access.delay_reject && restricts) || !setup->smtpd.command_filter->empty();
  const std::string bare = lower(*setup->smtpd.forbid_bare_newline);
  setup->minds_bare_newline = bare == "note" || bare == "reject";
  setup->server = wire::ServerRules(setup->smtpd, setup->limits, setup->host());
  setup->timeout_reply = concat("421 4.4.2 ", setup->host(), " Error: timeout exceeded\r\n");
  setup->limit_reply = concat("421 ", setup->host(), " Service unavailable - try again later\r\n");
  setup->write_replies();
  return setup;
}

Result<void> DialogueSetup::follow(const config::Settings& settings, std::string_view name) {
  for (config::ParamGroup* group : groups()) {
    auto followed = group->follow(settings, name);
    if (!followed) return followed;
  }
  write_replies();
  return {};
}

void DialogueSetup::read_actions() {
  const auto read = [this](Test test, std::string_view word) {
    actions[static_cast<std::size_t>(test)] = screening::action_of(word).value_or(screening::Action::ignore);
  };
  read(Test::pipelining, *params.pipelining_action);
  read(Test::non_smtp_command, *params.non_smtp_command_action);
  read(Test::bare_newline, *params.bare_newline_action);
}

void DialogueSetup::write_replies() {
  server.follow(smtpd, limits, tls);
  wire::Offer offer = wire::without(server.offer, discarded);
  ehlo_server = server.ehlo(offer);
  offer.pipelining = false;
  ehlo_in_turn = server.ehlo(offer);
  offer_dummy = {};
  offer_dummy.size = true;
  offer_dummy.size_limit = static_cast<std::uint64_t>(*limits.message_size_limit);
  offer_dummy.vrfy = !*params.disable_vrfy_command;
  offer_dummy.etrn = true;
  offer_dummy.starttls = tls;
  offer_dummy.enhanced_status_codes = true;
  offer_dummy.eight_bit_mime = true;
  offer_dummy.dsn = true;
  offer_dummy.smtputf8 = *smtpd.smtputf8_enable;
  offer_dummy.chunking = true;
  ehlo_dummy = server.ehlo(wire::without(offer_dummy, discarded));
}

}  // namespace postern::screen
