// Opening of the rewriter: parameters and tables.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/origin.h"
#include "lib/config/params/routing_params.h"
#include "lib/table/resolve.h"
#include "lib/table/rewrite.h"

namespace postern::table {

namespace {

bool has(const config::List& list, std::string_view word) {
  return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return iequals(entry, word); });
}

unsigned kinds_of(const config::List& classes) {
  constexpr std::string_view kNames[] = {"envelope_sender", "envelope_recipient", "header_sender",
                                         "header_recipient"};
  unsigned kinds = 0;
  for (unsigned kind = 0; kind < std::size(kNames); ++kind) {
    if (has(classes, kNames[kind])) kinds |= 1u << kind;
  }
  return kinds;
}

}  // namespace

Result<std::unique_ptr<Rewriter>> Rewriter::open(const config::Settings& settings,
                                                 const config::HostFacts& host) {
  std::unique_ptr<Rewriter> rewriter(new Rewriter);
  auto loaded = rewriter->load(settings, host);
  if (!loaded) return fail(loaded.error());
  return rewriter;
}

Result<void> Rewriter::load(const config::Settings& settings, const config::HostFacts& host) {
  config::RoutingParams routing;
  for (config::ParamGroup* group : std::initializer_list<config::ParamGroup*>{&params_, &more_, &routing}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  auto completion = completion_of(settings);
  if (!completion) return fail(completion.error());
  completion_ = std::move(*completion);
  const auto origin = config::origin_of(settings);
  if (!origin) return fail(origin.error());
  origin_ = domain_of(mail::complete(concat("x@", *origin), completion_));
  delimiters_ = *routing.recipient_delimiter;
  auto local = LocalDomains::open(settings, host);
  if (!local) return fail(local.error());
  local_ = std::move(*local);
  auto aliases = Maps::open("virtual_alias_maps", *routing.virtual_alias_maps);
  if (!aliases) return fail(aliases.error());
  aliases_ = {std::move(*aliases), "virtual_alias_maps",
              has(*routing.propagate_unmatched_extensions, "virtual"), 0};
  load_masquerade();
  return load_maps(*routing.propagate_unmatched_extensions);
}

Result<void> Rewriter::load_maps(const config::List& propagating) {
  const bool propagates = has(propagating, "canonical");
  const struct {
    Map& map;
    const config::Param<std::string>& param;
    unsigned kinds;
  } tables[] = {
      {canonical_, params_.canonical_maps, kinds_of(*more_.canonical_classes)},
      {sender_canonical_, params_.sender_canonical_maps, kinds_of(*more_.sender_canonical_classes)},
      {recipient_canonical_, params_.recipient_canonical_maps, kinds_of(*more_.recipient_canonical_classes)},
      {sender_bcc_, params_.sender_bcc_maps, 0},
      {recipient_bcc_, params_.recipient_bcc_maps, 0},
  };
  for (const auto& [map, param, kinds] : tables) {
    auto opened = Maps::open(param.name(), *param);
    if (!opened) return fail(opened.error());
    map = {std::move(*opened), param.name(), propagates, kinds};
    if (!map.empty()) busy_kinds_ |= kinds;
  }
  return {};
}

void Rewriter::load_masquerade() {
  for (std::string_view word : *params_.masquerade_domains) {
    Masquerade entry;
    for (; word.starts_with('!'); word.remove_prefix(1)) entry.strips = !entry.strips;
    entry.domain = word;
    if (!word.empty()) masquerades_.push_back(std::move(entry));
  }
  if (masquerades_.empty()) return;
  masqueraded_kinds_ = kinds_of(*more_.masquerade_classes);
  busy_kinds_ |= masqueraded_kinds_;
}

}  // namespace postern::table
