// How addresses are completed and rewritten on their way in, and resolved on their way out: what goes beyond the
// routing of common domains (routing_params.h).
#pragma once

#include "lib/config/param.h"

namespace postern::config {

inline constexpr std::string_view kAddressKinds =
    "envelope_sender envelope_recipient header_sender header_recipient";

// Read by cleanup.
struct RewriteParams : ParamGroup {
  Param<List> canonical_classes{*this, "canonical_classes",
      "envelope_sender, envelope_recipient, header_sender, header_recipient",
      "Which addresses canonical_maps rewrites.", one_of(kAddressKinds)};
  Param<List> sender_canonical_classes{*this, "sender_canonical_classes", "envelope_sender, header_sender",
      "Which addresses sender_canonical_maps rewrites.", one_of("envelope_sender header_sender")};
  Param<List> recipient_canonical_classes{*this, "recipient_canonical_classes",
      "envelope_recipient, header_recipient", "Which addresses recipient_canonical_maps rewrites.",
      one_of("envelope_recipient header_recipient")};
  Param<List> masquerade_classes{*this, "masquerade_classes",
      "envelope_sender, header_sender, header_recipient", "Which addresses masquerade_domains is for.",
      {.words = kAddressKinds}};
  Param<List> masquerade_exceptions{
      *this, "masquerade_exceptions", "", "Users whose addresses are not masqueraded."};
  Param<std::string> remote_header_rewrite_domain{*this, "remote_header_rewrite_domain", "",
      "The domain for incomplete header addresses of remote clients; empty: leave them."};
};

// Read wherever an address is resolved.
struct ResolveParams : ParamGroup {
  Param<std::string> sender_dependent_default_transport_maps{
      *this, "sender_dependent_default_transport_maps", "", "Tables of default transports by sender."};
  Param<std::string> sender_dependent_relayhost_maps{
      *this, "sender_dependent_relayhost_maps", "", "Tables of relay hosts by sender."};
  Param<std::string> empty_address_default_transport{*this, "empty_address_default_transport_maps_lookup_key",
      "<>", "What the null sender is called in sender_dependent_default_transport_maps.", at_least(1)};
  Param<std::string> empty_address_relayhost{*this, "empty_address_relayhost_maps_lookup_key", "<>",
      "What the null sender is called in sender_dependent_relayhost_maps.", at_least(1)};
  Param<std::string> empty_address_recipient{*this, "empty_address_recipient", "MAILER-DAEMON",
      "Who gets mail that is addressed to the null address.", at_least(1)};
  Param<std::string> relocated_maps{*this, "relocated_maps", "", "Tables of addresses that have moved."};
  Param<bool> relocated_prefix_enable{*this, "relocated_prefix_enable", "yes",
      "Put \"5.1.6 User has moved to\" before a result of relocated_maps."};
  Param<bool> resolve_numeric_domain{
      *this, "resolve_numeric_domain", "no", "Take user@192.0.2.1 for user@[192.0.2.1]."};
  Param<bool> allow_min_user{*this, "allow_min_user", "no", "Allow recipients that start with a minus sign."};
  Param<List> proxy_interfaces{
      *this, "proxy_interfaces", "", "Addresses of ours that a proxy or address translator has."};
};

}  // namespace postern::config
