// Opening of the resolver: parameters, lists and tables.
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/origin.h"
#include "lib/config/values.h"
#include "lib/table/resolve.h"

namespace postern::table {

namespace {

// The words of local_recipient_maps without those of alias_maps that cannot be opened.
config::List without_unsupported(config::List words, const config::List& aliases) {
  const auto unusable = [&](const std::string& word) {
    const bool is_alias = std::find(aliases.begin(), aliases.end(), word) != aliases.end();
    if (!is_alias || is_supported(word)) return false;
    log_warning(
        concat("local_recipient_maps: ", word, ": unsupported table type; its aliases are not known"));
    return true;
  };
  words.erase(std::remove_if(words.begin(), words.end(), unusable), words.end());
  return words;
}

// Opens one table list after the other, until the first error.
class Opener {
 public:
  void take(Maps& maps, std::string_view name, const std::string& value) {
    if (!result_) return;
    auto opened = Maps::open(name, value);
    if (opened) {
      maps = std::move(*opened);
    } else {
      result_ = fail(opened.error());
    }
  }
  void take(Maps& maps, const config::Param<std::string>& param) { take(maps, param.name(), *param); }
  void take(Maps& maps, const config::Settings& settings, std::string_view name) {
    auto value = settings.value(name);
    if (value) {
      take(maps, name, *value);
    } else if (result_) {
      result_ = fail(value.error());
    }
  }
  Result<void> result() { return std::move(result_); }

 private:
  Result<void> result_;
};

}  // namespace

Result<mail::Completion> completion_of(const config::Settings& settings) {
  config::RoutingParams params;
  auto loaded = params.load(settings);
  if (!loaded) return fail(loaded.error());
  mail::Completion completion;
  auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  if (*params.append_at_myorigin) completion.origin = std::move(*origin);
  if (*params.append_dot_mydomain) completion.domain = settings.value("mydomain").value_or("");
  completion.swap_bangpath = *params.swap_bangpath;
  completion.percent_hack = *params.allow_percent_hack;
  return completion;
}

Result<std::unique_ptr<Resolver>> Resolver::make(const config::Settings& settings,
                                                 const config::HostFacts& host, bool recipients) {
  std::unique_ptr<Resolver> resolver(new Resolver);
  auto loaded = resolver->load(settings, host);
  if (loaded) loaded = resolver->load_routes();
  if (loaded && recipients) loaded = resolver->load_recipients(settings);
  if (!loaded) return fail(loaded.error());
  return resolver;
}

Result<std::unique_ptr<Resolver>> Resolver::open(const config::Settings& settings,
                                                 const config::HostFacts& host) {
  return make(settings, host, true);
}

Result<std::unique_ptr<Resolver>> Resolver::open_routes(const config::Settings& settings,
                                                        const config::HostFacts& host) {
  return make(settings, host, false);
}

Result<void> Resolver::load(const config::Settings& settings, const config::HostFacts& host) {
  auto loaded = params_.load(settings);
  if (loaded) loaded = more_.load(settings);
  if (loaded) loaded = load_lists(settings, host);
  if (!loaded) return loaded;
  auto completion = completion_of(settings);
  if (!completion) return fail(completion.error());
  completion_ = std::move(*completion);
  auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  origin_ = lower(domain_of(mail::complete(concat('@', *origin), completion_)));
  const auto naming = settings.value("show_user_unknown_table_name");
  const auto named = config::parse_bool(naming ? *naming : "yes");
  unknown_alias_text_ = "5.1.1 User unknown";
  if (named && *named) unknown_alias_text_ += " in virtual alias table";
  return {};
}

Result<void> Resolver::load_lists(const config::Settings& settings, const config::HostFacts& host) {
  auto local = LocalDomains::open(settings, host);
  if (!local) return fail(local.error());
  local_ = std::move(*local);
  Result<void> loaded;
  const auto read = [&](MatchList& list, const config::Param<config::List>& param, MatchList::Kind kind) {
    if (!loaded) return;
    auto parsed = MatchList::parse(param.name(), *param, kind);
    if (parsed) {
      list = std::move(*parsed);
    } else {
      loaded = fail(parsed.error());
    }
  };
  read(virtual_alias_, params_.virtual_alias_domains, MatchList::Kind::names);
  read(virtual_mailbox_, params_.virtual_mailbox_domains, MatchList::Kind::names);
  read(relay_, params_.relay_domains,
       domain_kind("relay_domains", *params_.parent_domain_matches_subdomains));
  return loaded;
}

Result<void> Resolver::load_routes() {
  Opener opener;
  Maps transports;
  opener.take(transports, params_.transport_maps);
  opener.take(sender_transports_, more_.sender_dependent_default_transport_maps);
  opener.take(sender_relays_, more_.sender_dependent_relayhost_maps);
  opener.take(relocated_, more_.relocated_maps);
  transports_ = TransportMaps(std::move(transports),
                              domain_kind("transport_maps", *params_.parent_domain_matches_subdomains));
  return opener.result();
}

Result<void> Resolver::load_recipients(const config::Settings& settings) {
  const auto locals = config::split_braced(*params_.local_recipient_maps, config::kListSeparators);
  if (!locals) return fail(locals.error());
  const auto aliases = config::split_braced(*params_.alias_maps, config::kListSeparators);
  if (!aliases) return fail(aliases.error());
  auto opened = Maps::open("local_recipient_maps", without_unsupported(*locals, *aliases));
  if (!opened) return fail(opened.error());
  local_recipients_ = std::move(*opened);
  Opener opener;
  opener.take(virtual_aliases_, params_.virtual_alias_maps);
  opener.take(virtual_mailboxes_, params_.virtual_mailbox_maps);
  opener.take(relay_recipients_, params_.relay_recipient_maps);
  opener.take(canonical_, settings, "canonical_maps");
  opener.take(sender_canonical_, settings, "sender_canonical_maps");
  opener.take(recipient_canonical_, settings, "recipient_canonical_maps");
  return opener.result();
}

}  // namespace postern::table
