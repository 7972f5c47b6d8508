// The parameters of the SMTP and LMTP clients: where to connect to, and how long connections are kept.
#pragma once

#include "lib/config/params/smtp_side.h"

namespace postern::config {

struct SmtpClientParams : SidedParams {
  explicit SmtpClientParams(Side side) : SidedParams(side) {}

  Param<std::string> address_preference{*this, name("address_preference"), "any",
      "Which addresses to try first: any, ipv4 or ipv6.", at_least(1)};
  Param<std::string> address_verify_target{*this, name("address_verify_target"), "rcpt",
      "The command at which a probe ends: rcpt or data.", at_least(1)};
  Param<bool> balance_inet_protocols{
      *this, name("balance_inet_protocols"), "yes", "Try both IPv4 and IPv6 addresses when a host has many."};
  Param<std::string> bind_address{*this, name("bind_address"), "", "The IPv4 address to connect from."};
  Param<std::string> bind_address6{*this, name("bind_address6"), "", "The IPv6 address to connect from."};
  Param<bool> bind_address_enforce{
      *this, name("bind_address_enforce"), "no", "Defer mail when that address cannot be used."};
  Param<Seconds> connect_timeout{*this, name("connect_timeout"), is_lmtp() ? "0s" : "30s",
      "How long to wait for a connection; 0: as long as the system does."};
  Param<List> connection_cache_destinations{
      *this, name("connection_cache_destinations"), "", "Destinations whose connections are always kept."};
  Param<bool> connection_cache_on_demand{
      *this, name("connection_cache_on_demand"), "yes", "Keep connections to destinations with much mail."};
  Param<Seconds> connection_cache_time_limit{
      *this, name("connection_cache_time_limit"), "2s", "How long an idle connection is kept.", at_least(1)};
  Param<int> connection_reuse_count_limit{
      *this, name("connection_reuse_count_limit"), "0", "Messages over one connection; 0: no limit."};
  Param<Seconds> connection_reuse_time_limit{
      *this, name("connection_reuse_time_limit"), "300s", "How long one connection is used.", at_least(1)};
  Param<bool> defer_if_no_mx_address_found{*this, name("defer_if_no_mx_address_found"), "no",
      "Defer, rather than return, when no exchanger has an address."};
  Param<std::string> dns_resolver_options{*this, name("dns_resolver_options"), "",
      "res_defnames, res_dnsrch: try short names below the search domains too."};
  Param<std::string> dns_support_level{*this, name("dns_support_level"), "", "disabled, enabled or dnssec."};
  Param<std::string> fallback_relay{*this, name("fallback_relay"), is_lmtp() ? "" : "$fallback_relay",
      "Hosts to try when a destination cannot be reached."};
  Param<std::string> host_lookup{
      *this, name("host_lookup"), "dns", "Where host names are looked up: dns, native.", at_least(1)};
  Param<int> mx_address_limit{
      *this, name("mx_address_limit"), "5", "Addresses of a destination that are tried."};
  Param<int> mx_session_limit{
      *this, name("mx_session_limit"), "2", "Sessions with a destination that are tried."};
  Param<bool> randomize_addresses{
      *this, name("randomize_addresses"), "yes", "Try exchangers of one preference in random order."};
  Param<std::string> tcp_port{
      *this, name("tcp_port"), is_lmtp() ? "24" : "smtp", "The port of mail servers."};
};

}  // namespace postern::config
