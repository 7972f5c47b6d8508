// The parameters that cleanup reads.
#pragma once

#include "lib/config/param.h"

namespace postern::config {

struct CleanupParams : ParamGroup {
  Param<bool> enable_long_queue_ids{*this, "enable_long_queue_ids", "no",
      "Queue ids in the long form, which sorts by time as a text, in place of hexadecimal."};
  Param<List> message_drop_headers{*this, "message_drop_headers",
      "bcc, content-length, resent-bcc, return-path", "Header fields that do not travel."};
  Param<bool> always_add_missing_headers{*this, "always_add_missing_headers", "no",
      "Add From:, To:, Date: and Message-ID: to mail of any client, not only of local ones."};
  Param<List> local_header_rewrite_clients{*this, "local_header_rewrite_clients", "permit_inet_interfaces",
      "Clients whose header addresses are completed with our domain."};
  Param<std::string> undisclosed_recipients_header{
      *this, "undisclosed_recipients_header", "", "The header for a message that names no recipient."};
  Param<std::string> always_bcc{*this, "always_bcc", "", "An address that gets a copy of everything."};
  Param<std::string> sender_bcc_maps{*this, "sender_bcc_maps", "", "Tables of copies by sender."};
  Param<std::string> recipient_bcc_maps{*this, "recipient_bcc_maps", "", "Tables of copies by recipient."};
  Param<std::string> canonical_maps{*this, "canonical_maps", "", "Tables that rewrite every address."};
  Param<std::string> sender_canonical_maps{*this, "sender_canonical_maps", "", "The same for senders."};
  Param<std::string> recipient_canonical_maps{
      *this, "recipient_canonical_maps", "", "The same for recipients."};
  Param<std::string> header_checks{*this, "header_checks", "", "Tables that judge header lines."};
  Param<std::string> body_checks{*this, "body_checks", "", "Tables that judge body lines."};
  Param<int> body_checks_size_limit{
      *this, "body_checks_size_limit", "51200", "Bytes of each body part that body_checks sees."};
  Param<int> virtual_alias_expansion_limit{
      *this, "virtual_alias_expansion_limit", "1000", "Recipients that one address may become.", at_least(1)};
  Param<int> virtual_alias_recursion_limit{
      *this, "virtual_alias_recursion_limit", "1000", "Aliases of aliases of an address.", at_least(1)};
  Param<int> virtual_alias_address_length_limit{*this, "virtual_alias_address_length_limit", "1000",
      "The longest address that an alias may give.", at_least(1)};
  Param<int> duplicate_filter_limit{*this, "duplicate_filter_limit", "1000",
      "Recipients that are remembered to recognise duplicates; 0: no limit."};
  Param<bool> enable_original_recipient{*this, "enable_original_recipient", "yes",
      "Keep the recipient as it was before rewriting, for X-Original-To:."};
  Param<List> masquerade_domains{
      *this, "masquerade_domains", "", "Domains whose subdomains are stripped from addresses."};
};

}  // namespace postern::config
