// Where mail for an address goes, and what we are to its domain: the one place that answers it, for the
// server, the queue and the tools.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/params/routing_params.h"
#include "lib/config/settings.h"
#include "lib/net/task.h"
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
  std::string recipient;  // the address, with $myorigin when it had no domain
};

class Resolver {
 public:
  // Reads the parameters and opens all their tables. Call it before the jail. A table of alias_maps whose
  // type is not supported is left out of local_recipient_maps, with a warning. Fails with the first error,
  // which names the parameter.
  static Result<std::unique_ptr<Resolver>> open(
      const config::Settings& settings, const config::HostFacts& host = config::HostFacts::of_this_host());

  // All tasks below fail when a table fails: a temporary failure. Their arguments must live until they end.

  // The class of a domain, without '@'; no domain at all is $myorigin. Mail for any class but `other` is ours to take: this is the question
  // of relay control.
  net::Task<Result<AddressClass>> class_of(std::string_view domain) const;

  // The route of an address in its internal form (mail::Address::text).
  // `sender`, as in the envelope, for what depends on it (sender_dependent_*); it may be empty: the null sender.
  net::Task<Result<Route>> route(std::string_view address, std::string_view sender) const;

  // Does the recipient exist, as far as the tables of its class say? A class without tables, and the default
  // class, knows everybody; postmaster of a local domain always exists.
  net::Task<Result<bool>> is_known(std::string_view address) const;

  const std::string& recipient_delimiter() const { return *params_.recipient_delimiter; }

 private:
  Resolver() = default;
  Result<void> load(const config::Settings& settings, const config::HostFacts& host);
  Result<void> load_lists(const config::Settings& settings, const config::HostFacts& host);
  Result<void> load_maps();
  Route standard_route(AddressClass address_class, const std::string& domain) const;
  std::string complete(std::string_view address) const;
  Destination transport_of(AddressClass address_class) const;

  config::RoutingParams params_;
  std::string origin_;
  std::string unknown_alias_text_;
  MatchList own_addresses_, local_, virtual_alias_, virtual_mailbox_, relay_;
  Maps local_recipients_, virtual_aliases_, virtual_mailboxes_, relay_recipients_;
  TransportMaps transports_;
};

}  // namespace postern::table
