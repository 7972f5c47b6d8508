#include "smtpd/policy.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/routing_params.h"

namespace postern::smtpd {

Result<std::unique_ptr<Policy>> Policy::open(const Setup& setup, const config::Settings& settings,
                                             const table::Resolver& resolver) {
  std::unique_ptr<Policy> policy(new Policy(setup, resolver));
  auto read = policy->read(settings);
  if (!read) return fail(read.error());
  return policy;
}

Result<void> Policy::read(const config::Settings& settings) {
  config::RoutingParams routing;
  auto loaded = routing.load(settings);
  if (!loaded) return loaded;
  auto networks =
      table::MatchList::parse("mynetworks", *setup_.common.mynetworks, table::MatchList::Kind::addresses);
  if (!networks) return fail(networks.error());
  mynetworks_ = std::move(*networks);
  const auto kind = table::domain_kind("smtpd_access_maps", *routing.parent_domain_matches_subdomains);
  if (kind == table::MatchList::Kind::domains_and_parents) parents_ = Parents::plain;

  const auto list = [](const config::Param<config::List>& param) {
    return parse_restrictions(param.name(), *param);
  };
  client_ = list(setup_.access.client_restrictions);
  helo_ = list(setup_.access.helo_restrictions);
  sender_ = list(setup_.access.sender_restrictions);
  relay_ = list(setup_.access.relay_restrictions);
  recipient_ = list(setup_.access.recipient_restrictions);
  data_ = list(setup_.access.data_restrictions);
  content_ = list(setup_.access.end_of_data_restrictions);
  if (can_refuse_relaying(relay_) || can_refuse_relaying(recipient_)) return {};
  return fail(Errc::invalid,
              "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one "
              "working instance of: reject_unauth_destination, defer_unauth_destination, reject, defer");
}

net::Task<Refusal> Policy::judge(Stage stage, const Case& facts) const {
  const bool delay = *setup_.access.delay_reject;
  switch (stage) {
    case Stage::connect:
      if (delay || client_.empty()) break;
      co_return co_await walk(client_, Subject::client, facts);
    case Stage::helo:
      if (delay || helo_.empty()) break;
      co_return co_await walk(helo_, Subject::helo, facts);
    case Stage::mail: {
      if (delay) break;
      auto refused = co_await walk(sender_, Subject::sender, facts);
      if (refused || !*setup_.access.reject_unlisted_sender) co_return refused;
      auto known = co_await unlisted(*facts.sender, Subject::sender, facts);
      if (known.kind == Verdict::Kind::refuse) refused = std::move(known.status);
      co_return refused;
    }
    case Stage::rcpt: co_return co_await at_rcpt(facts);
    case Stage::data: co_return co_await walk(data_, Subject::data, facts);
    case Stage::end_of_data: co_return co_await walk(content_, Subject::content, facts);
  }
  co_return std::nullopt;
}

net::Task<Refusal> Policy::at_rcpt(const Case& facts) const {
  // Whatever the lists say, a person must be able to reach who runs this host (RFC 5321 4.5.1).
  if (facts.recipient->domain.empty() && iequals(facts.recipient->local, "postmaster")) {
    co_return std::nullopt;
  }
  const bool delayed = *setup_.access.delay_reject;
  const struct {
    const Restrictions& list;
    Subject subject;
    bool asked;
  } lists[] = {{client_, Subject::client, delayed},
               {helo_, Subject::helo, delayed && !facts.helo.empty()},
               {sender_, Subject::sender, delayed},
               {relay_, Subject::recipient, true},
               {recipient_, Subject::recipient, true}};
  for (const auto& [list, subject, asked] : lists) {
    if (!asked || list.empty()) continue;
    auto refused = co_await walk(list, subject, facts);
    if (refused) co_return refused;
  }
  Verdict known;
  if (delayed && facts.sender != nullptr && *setup_.access.reject_unlisted_sender) {
    known = co_await unlisted(*facts.sender, Subject::sender, facts);
  }
  if (known.kind != Verdict::Kind::refuse && *setup_.access.reject_unlisted_recipient) {
    known = co_await unlisted(*facts.recipient, Subject::recipient, facts);
  }
  if (known.kind == Verdict::Kind::refuse) co_return std::move(known.status);
  co_return std::nullopt;
}

net::Task<Refusal> Policy::walk(const Restrictions& list, Subject subject, const Case& facts) const {
  for (const Restriction& restriction : list) {
    auto verdict = co_await obey(restriction, subject, facts);
    if (verdict.kind == Verdict::Kind::permit) break;
    if (verdict.kind == Verdict::Kind::refuse) co_return std::move(verdict.status);
  }
  co_return std::nullopt;
}

net::Task<Policy::Verdict> Policy::obey(const Restriction& restriction, Subject subject,
                                        const Case& facts) const {
  switch (restriction.word) {
    case Word::check_client_access:
    case Word::check_helo_access:
    case Word::check_sender_access:
    case Word::check_recipient_access: co_return co_await check_access(restriction, subject, facts);
    case Word::misconfigured:
      log_warning(restriction.text);
      co_return refuse(451, {4, 3, 5}, "Server configuration error");
    default: co_return co_await obey(restriction.word, subject, facts);
  }
}

net::Task<Policy::Verdict> Policy::obey(Word word, Subject subject, const Case& facts) const {
  switch (word) {
    case Word::permit_mynetworks: {
      const auto now = mynetworks_.matches_now(facts.client->address());
      if (now) co_return permit_if(*now);
      auto ours = co_await mynetworks_.matches(facts.client->address());
      if (!ours) co_return try_again(ours.error(), facts.client->text());
      co_return permit_if(*ours);
    }
    case Word::permit_auth_destination:
    case Word::reject_unauth_destination:
    case Word::defer_unauth_destination:
      if (facts.recipient == nullptr) co_return Verdict();
      co_return co_await destination(word, facts);
    case Word::reject_unlisted_sender:
      if (facts.sender == nullptr) co_return Verdict();
      co_return co_await unlisted(*facts.sender, Subject::sender, facts);
    case Word::reject_unlisted_recipient:
      if (facts.recipient == nullptr) co_return Verdict();
      co_return co_await unlisted(*facts.recipient, Subject::recipient, facts);
    default: co_return plain(word, subject, facts);
  }
}

net::Task<Policy::Verdict> Policy::destination(Word word, const Case& facts) const {
  auto address_class = co_await resolver_.class_of(facts.recipient->domain);
  if (!address_class) co_return try_again(address_class.error(), facts.recipient->text());
  // user%there@here and its kind may be sent on by the next host, which trusts us: never for strangers
  // (Postfix's allow_untrusted_routing = no).
  const bool routed = facts.recipient->local.find_first_of("@%!") != std::string::npos;
  const bool ours = *address_class != table::AddressClass::other && !routed;
  if (word == Word::permit_auth_destination) co_return permit_if(ours);
  if (ours) co_return Verdict();
  const int code = *setup_.access.relay_domains_reject_code;
  const bool later = word == Word::defer_unauth_destination && code >= 500;
  mail::Status status = mail::status::relay_denied(facts.recipient->text());
  status.code = later ? code - 100 : code;
  status.dsn.kind = static_cast<std::uint16_t>(status.code / 100);
  Verdict verdict;
  verdict.kind = Verdict::Kind::refuse;
  verdict.status = std::move(status);
  co_return verdict;
}

net::Task<Policy::Verdict> Policy::unlisted(const mail::Address& address, Subject subject,
                                            const Case& facts) const {
  if (address.null() || !setup_.overrides.checks_recipients) co_return Verdict();
  const std::string text = address.text();
  std::string sender;
  if (facts.sender != nullptr) sender = facts.sender->text();
  const auto side =
      subject == Subject::sender ? table::Resolver::Side::sender : table::Resolver::Side::recipient;
  auto listing = co_await resolver_.look_up(text, sender, side);
  if (!listing) co_return try_again(listing.error(), text);
  if (listing->known) co_return Verdict();
  mail::Dsn dsn{5, 1, static_cast<std::uint16_t>(subject == Subject::sender ? 0 : 1)};
  if (!listing->transport.empty()) co_return routed_to_error(*listing, dsn, subject, text);
  std::string why = "User unknown";
  if (*setup_.access.show_user_unknown_table_name) {
    why += concat(" in ", table::recipient_table(listing->address_class));
  }
  co_return refuse_subject(unknown_user_code(listing->address_class), dsn, subject, text, why);
}

// Tables send it to `error` or `retry`, whose text says why.
Policy::Verdict Policy::routed_to_error(const table::Listing& listing, mail::Dsn dsn, Subject subject,
                                        std::string_view address) const {
  int code = listing.transport == "retry" ? 450 : 550;
  if (listing.address_class == table::AddressClass::virtual_alias) {
    code = *setup_.access.unknown_virtual_alias_reject_code;
  }
  const auto leading = mail::split_dsn(listing.text);
  const bool sender = subject == Subject::sender && leading.dsn == mail::Dsn{5, 1, 1};
  if (leading.dsn.given() && !sender) dsn = leading.dsn;
  return refuse_subject(code, dsn, subject, address, leading.dsn.given() ? leading.rest : listing.text);
}

net::Task<Policy::Verdict> Policy::check_access(const Restriction& restriction, Subject subject,
                                                const Case& facts) const {
  const auto asked = keys(restriction.word, facts);
  for (const std::string& key : asked) {
    // The names above a name, the networks around an address and the parts of an address are not for patterns.
    const bool whole = &key == asked.data() ||
                       (restriction.word == Word::check_client_access && key == facts.client->address());
    const auto kind = whole ? table::Maps::Key::whole : table::Maps::Key::part;
    auto found = co_await restriction.maps.lookup(key, kind);
    if (!found) co_return try_again(found.error(), subject_name(subject, facts));
    if (!*found) continue;
    const Action action =
        parse_action(**found, *setup_.access.access_map_reject_code, *setup_.access.defer_code);
    switch (action.kind) {
      case Action::Kind::permit: co_return permit_if(true);
      case Action::Kind::dunno: co_return Verdict();
      case Action::Kind::another: co_return co_await obey(action.word, subject, facts);
      case Action::Kind::refuse:
        co_return refuse_subject(action.status.code, action.status.dsn, subject, subject_name(subject, facts),
                                 action.status.text);
      case Action::Kind::unknown:
        log_warning(concat(restriction.text, ": unknown action for ", printable(key, 300), ": ", **found));
        co_return refuse(451, {4, 3, 5}, "Server configuration error");
    }
  }
  co_return Verdict();
}

}  // namespace postern::smtpd
