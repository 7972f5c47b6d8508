#include "smtpd/setup.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/cleanup_params.h"

namespace postern::smtpd {

Result<std::unique_ptr<Setup>> Setup::load(const config::Settings& settings) {
  auto setup = std::make_unique<Setup>();
  auto read = setup->read(settings);
  if (!read) return fail(read.error());
  return setup;
}

std::array<config::ParamGroup*, 8> Setup::groups() {
  return {&common, &smtpd, &access, &limits, &queue, &process, &receive, &tls_params};
}

Result<void> Setup::follow(const config::Settings& settings, std::string_view name) {
  for (config::ParamGroup* group : groups()) {
    auto followed = group->follow(settings, name);
    if (!followed) return followed;
  }
  rules.follow(smtpd, limits, tls.is_wanted());
  write_replies();
  return {};
}

Result<void> Setup::read(const config::Settings& settings) {
  for (config::ParamGroup* group : groups()) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  config::CleanupParams cleanup;
  auto loaded = cleanup.load(settings);
  if (!loaded) return loaded;
  long_queue_ids = *cleanup.enable_long_queue_ids;
  auto steps = Load::parse(*smtpd.load_limits, static_cast<std::size_t>(*process.process_session_limit));
  if (!steps) return fail(steps.error());
  load_limits = std::move(*steps);
  auto left_out = read_overrides();
  if (!left_out) return left_out;
  auto chosen = choose_bare_newline();
  if (!chosen) return chosen;
  auto exclusions =
      table::MatchList::parse("smtpd_forbid_bare_newline_exclusions", *smtpd.forbid_bare_newline_exclusions,
                              table::MatchList::Kind::addresses);
  if (!exclusions) return fail(exclusions.error());
  bare_newline_exclusions = std::move(*exclusions);
  auto trusted =
      table::MatchList::parse("smtpd_client_event_limit_exceptions", *access.client_event_limit_exceptions,
                              table::MatchList::Kind::addresses);
  if (!trusted) return fail(trusted.error());
  without_rates = std::move(*trusted);
  auto filter = table::Maps::open("smtpd_command_filter", *smtpd.command_filter);
  if (!filter) return fail(filter.error());
  command_filter = std::move(*filter);
  footer_filter = unescaped(*smtpd.expansion_filter);
  auto opened = open_tls(settings);
  if (!opened) return opened;
  rules = wire::ServerRules(smtpd, limits, host(), tls.is_wanted());
  write_replies();
  return {};
}

void Setup::write_replies() {
  ehlo_reply = rules.ehlo();
  wire::Offer rest = rules.offer;
  rest.starttls = false;
  ehlo_reply_in_tls = rules.ehlo(rest);
}

Result<void> Setup::open_tls(const config::Settings& settings) {
  service = settings.value("service_name").value_or("");
  auto level = daemon::tls_level(tls_params.security_level.name(), *tls_params.security_level,
                                 *tls_params.use_tls, *tls_params.enforce_tls);
  if (!level) return fail(level.error());
  auto opened =
      daemon::open_server_tls(settings, *tls_params.wrappermode ? daemon::TlsLevel::encrypt : *level);
  if (!opened) return fail(opened.error());
  tls = std::move(*opened);
  return {};
}

Result<void> Setup::read_overrides() {
  const auto read = config::overrides_of(receive);
  if (!read) return fail(read.error());
  overrides = *read;
  return {};
}

Result<void> Setup::choose_bare_newline() {
  const std::string policy = lower(*smtpd.forbid_bare_newline);
  if (policy == "no") {
    bare_newline = wire::BareNewline::allow;
  } else if (policy == "yes" || policy == "normalize") {
    bare_newline = wire::BareNewline::normalize;
  } else if (policy == "note") {
    bare_newline = wire::BareNewline::note;
  } else if (policy == "reject") {
    bare_newline = wire::BareNewline::refuse;
  } else {
    return fail(Errc::invalid,
                concat("smtpd_forbid_bare_newline: \"", policy, "\" is none of no, normalize, note, reject"));
  }
  return {};
}

}  // namespace postern::smtpd
