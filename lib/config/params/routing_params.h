// Where mail goes: the domains we take mail for, and the transports that deliver it.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct RoutingParams : ParamGroup {
  Param<List> mydestination{*this, "mydestination", "$myhostname, localhost.$mydomain, localhost",
      "Domains whose users have accounts here."};
  Param<std::string> local_recipient_maps{*this, "local_recipient_maps",
      "proxy:unix:passwd.byname $alias_maps", "Tables of all local recipients; empty: accept any."};
  Param<std::string> alias_maps{
      *this, "alias_maps", "hash:/etc/aliases", "The alias tables of local delivery."};
  Param<List> relay_domains{*this, "relay_domains",
      "${{$compatibility_level} <level {2} ? {$mydestination} : {}}", "Domains that we forward mail to."};
  Param<std::string> relay_recipient_maps{
      *this, "relay_recipient_maps", "", "Tables of all recipients in relay_domains; empty: accept any."};
  Param<List> virtual_alias_domains{*this, "virtual_alias_domains", "$virtual_alias_maps",
      "Domains whose addresses are all aliases of others."};
  Param<std::string> virtual_alias_maps{
      *this, "virtual_alias_maps", "$virtual_maps", "Tables of aliases for any address, local or not."};
  Param<List> virtual_mailbox_domains{*this, "virtual_mailbox_domains", "$virtual_mailbox_maps",
      "Domains whose users have mailboxes but no accounts."};
  Param<std::string> virtual_mailbox_maps{*this, "virtual_mailbox_maps", "",
      "Tables of all recipients in virtual_mailbox_domains, and their mailboxes."};

  Param<std::string> transport_maps{
      *this, "transport_maps", "", "Tables of transport:nexthop for addresses and domains."};
  Param<std::string> local_transport{
      *this, "local_transport", "local:$myhostname", "transport:nexthop for mydestination.", at_least(1)};
  Param<std::string> virtual_transport{
      *this, "virtual_transport", "virtual", "transport:nexthop for virtual_mailbox_domains.", at_least(1)};
  Param<std::string> relay_transport{
      *this, "relay_transport", "relay", "transport:nexthop for relay_domains.", at_least(1)};
  Param<std::string> default_transport{
      *this, "default_transport", "smtp", "transport:nexthop for all other domains.", at_least(1)};
  Param<std::string> relayhost{*this, "relayhost", "",
      "Where mail for other domains goes: domain, [host], [host]:port; empty: by MX records."};

  Param<std::string> recipient_delimiter{*this, "recipient_delimiter", "",
      "Characters that separate user and extension: with \"+\", ann+list is ann's."};
  Param<List> propagate_unmatched_extensions{*this, "propagate_unmatched_extensions", "canonical, virtual",
      "Lookups that copy the extension of an address to the result."};
  Param<List> parent_domain_matches_subdomains{*this, "parent_domain_matches_subdomains",
      "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,"
      "relay_domains,smtpd_access_maps",
      "Lists in which example.com also means every name below it."};
  Param<bool> append_at_myorigin{*this, "append_at_myorigin", "yes", "Make user into user@$myorigin."};
  Param<bool> append_dot_mydomain{*this, "append_dot_mydomain",
      "${{$compatibility_level} <level {1} ? {yes} : {no}}", "Make user@host into user@host.$mydomain."};
  Param<bool> swap_bangpath{*this, "swap_bangpath", "yes", "Make site!user into user@site."};
  Param<bool> allow_percent_hack{*this, "allow_percent_hack", "yes", "Make user%domain into user@domain."};
  Param<bool> resolve_dequoted_address{
      *this, "resolve_dequoted_address", "yes", "Look at @ % ! inside a quoted local part."};
  Param<bool> resolve_null_domain{*this, "resolve_null_domain", "no", "Take user@ for a local address."};
};

}  // namespace postern::config
