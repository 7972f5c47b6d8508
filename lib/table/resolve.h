// Where mail for an address goes, and what we are to its domain: the one place that answers it, for the
// server, the queue and the tools.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/params/rewrite_params.h"
#include "lib/config/params/routing_params.h"
#include "lib/config/settings.h"
#include "lib/mail/completion.h"
#include "lib/net/task.h"
#include "lib/table/local_domains.h"
#include "lib/table/maps.h"
#include "lib/table/match_list.h"
#include "lib/table/transport.h"

namespace postern::table {

// The address classes of Postfix; a domain that several lists name is of the first class here.
enum class AddressClass {
  local,            // mydestination, [an address of ours]
  virtual_alias,    // virtual_alias_domains
  virtual_mailbox,  // virtual_mailbox_domains
  relay,            // relay_domains
  other,            // the default class: we are neither its destination nor its relay
};

// "local recipient table", "virtual mailbox table", …: as replies name what does not know a recipient.
std::string_view recipient_table(AddressClass address_class);

struct Route {
  AddressClass address_class = AddressClass::other;
  std::string transport;  // a service of master.cf
  std::string nexthop;    // a domain in lower case, "[host]:port", or a text for error and discard
  std::string
      recipient;  // the address to deliver to: complete, and without domains of ours around another address
};

// What is known of an address.
struct Listing {
  bool known = true;
  AddressClass address_class = AddressClass::other;
  std::string transport;  // "error" or "retry" when the address goes to one of these …
  std::string text;       // … with this text, which may begin with an enhanced status code
};

class Resolver {
 public:
  // Reads the parameters and opens all their tables. Call it before the jail. A table of alias_maps whose
  // type is not supported is left out of local_recipient_maps, with a warning. Fails with the first error,
  // which names the parameter.
  static Result<std::unique_ptr<Resolver>> open(
      const config::Settings& settings, const config::HostFacts& host = config::HostFacts::of_this_host());
  // The same without the tables of recipients: for who only asks for routes.
  static Result<std::unique_ptr<Resolver>> open_routes(
      const config::Settings& settings, const config::HostFacts& host = config::HostFacts::of_this_host());

  // All tasks below fail when a table fails: a temporary failure. Their arguments must live until they end.

  // The class of a domain, without '@'; no domain at all is $myorigin. Mail for any class but `other` is ours
  // to take: this is the question of relay control.
  net::Task<Result<AddressClass>> class_of(std::string_view domain) const;

  // The route of an address in its internal form (mail::Address::text). `sender`, as in the envelope, for what
  // depends on it (sender_dependent_*); it may be empty: the null sender. An address that no mail system takes goes
  // to "error" with 5.1.3, one that moved (relocated_maps) with 5.1.6.
  net::Task<Result<Route>> route(std::string_view address, std::string_view sender) const;

  // Does the address exist, as far as the tables of its class say? One that canonical or alias tables rewrite does;
  // one that is routed to "error" or "retry" does not. A class without tables, and the default class, knows everybody;
  // postmaster of a local domain always exists. sender_canonical_maps counts for senders only.
  enum class Side { recipient, sender };
  net::Task<Result<Listing>> look_up(std::string_view address, std::string_view sender, Side side) const;
  net::Task<Result<bool>> is_known(std::string_view address) const;

  const std::string& recipient_delimiter() const { return *params_.recipient_delimiter; }

 private:
  Resolver() = default;
  static Result<std::unique_ptr<Resolver>> make(const config::Settings& settings,
                                                const config::HostFacts& host, bool recipients);
  Result<void> load(const config::Settings& settings, const config::HostFacts& host);
  Result<void> load_lists(const config::Settings& settings, const config::HostFacts& host);
  Result<void> load_routes();
  Result<void> load_recipients(const config::Settings& settings);

  // The class by lists that follow the local one.
  net::Task<Result<AddressClass>> class_beyond_local(std::string_view domain) const;
  net::Task<Result<bool>> is_local(std::string_view domain) const;
  std::string complete(std::string_view address) const { return mail::complete(address, completion_); }
  // Takes away domains of ours until a local part or the address at another host is left.
  net::Task<Result<std::string>> innermost(std::string_view address) const;
  std::optional<std::string> routed(std::string_view local) const;
  // Adds what a domain in numbers lacks; false when no mail system would take the address.
  bool make_valid(std::string& address) const;
  net::Task<Result<void>> set_standard(Route& route, const std::string& domain,
                                       std::string_view sender) const;
  net::Task<Result<void>> apply_maps(Route& route, const std::string& domain) const;
  Destination transport_of(AddressClass address_class) const;
  AddressKeys keys_for(std::string_view domain, AddressClass address_class) const;
  // The value for an address; `null_key` stands for the null address. DUNNO is no value.
  net::Task<Found> of_address(const Maps& maps, std::string_view address, std::string_view null_key) const;
  net::Task<Result<bool>> is_rewritten(std::string_view address, AddressKeys keys, Side side) const;

  config::RoutingParams params_;
  config::ResolveParams more_;
  mail::Completion completion_;
  std::string origin_;
  std::string unknown_alias_text_;
  LocalDomains local_;
  MatchList virtual_alias_, virtual_mailbox_, relay_;
  Maps sender_transports_, sender_relays_, relocated_;
  TransportMaps transports_;
  Maps local_recipients_, virtual_aliases_, virtual_mailboxes_, relay_recipients_;
  Maps canonical_, sender_canonical_, recipient_canonical_;
};

// How addresses of this system are completed.
Result<mail::Completion> completion_of(const config::Settings& settings);

}  // namespace postern::table
