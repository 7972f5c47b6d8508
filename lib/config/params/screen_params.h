// The parameters of screen: who is judged, and by which tests before the greeting.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "lib/config/param.h"

namespace postern::config {

// What happens to a client that failed a test.
inline constexpr std::string_view kScreenActions = "ignore enforce drop";

struct ScreenParams : ParamGroup {
  Param<List> access_list{*this, "postscreen_access_list", "permit_mynetworks",
      "Clients that are let in or refused without a test."};
  Param<std::string> allowlist_interfaces{*this, "postscreen_allowlist_interfaces",
      "${postscreen_whitelist_interfaces?{$postscreen_whitelist_interfaces}:{static:all}}",
      "Own addresses at which clients may earn their way in."};
  Param<Seconds> cache_cleanup_interval{
      *this, "postscreen_cache_cleanup_interval", "12h", "Time between looks for old results."};
  Param<std::string> cache_map{*this, "postscreen_cache_map", "btree:$data_directory/postscreen_cache",
      "Where test results are kept."};
  Param<Seconds> cache_retention_time{*this, "postscreen_cache_retention_time", "7d",
      "How long a result is kept after it expired.", at_least(1)};
  Param<int> client_connection_count_limit{*this, "postscreen_client_connection_count_limit",
      "$smtpd_client_connection_count_limit", "Connections of one client at a time."};
  Param<std::string> denylist_action{*this, "postscreen_denylist_action",
      "${postscreen_blacklist_action?{$postscreen_blacklist_action}:{ignore}}",
      "What happens to clients that postscreen_access_list refuses.", one_of(kScreenActions)};
  Param<std::string> dnsbl_action{*this, "postscreen_dnsbl_action", "ignore",
      "What happens to clients that DNS lists know.", one_of(kScreenActions)};
  Param<int> dnsbl_allowlist_threshold{*this, "postscreen_dnsbl_allowlist_threshold",
      "${postscreen_dnsbl_whitelist_threshold?{$postscreen_dnsbl_whitelist_threshold}:{0}}",
      "The score at which DNS lists excuse a client from tests; it is negative.",
      at_least(std::numeric_limits<std::int32_t>::min())};
  Param<Seconds> dnsbl_max_ttl{*this, "postscreen_dnsbl_max_ttl",
      "${postscreen_dnsbl_ttl?{$postscreen_dnsbl_ttl}:{1}}h",
      "The longest time that a DNS list's answer counts.", at_least(1)};
  Param<Seconds> dnsbl_min_ttl{
      *this, "postscreen_dnsbl_min_ttl", "60s", "The shortest time that it counts.", at_least(1)};
  Param<std::string> dnsbl_reply_map{
      *this, "postscreen_dnsbl_reply_map", "", "Tables of the names of DNS lists as clients see them."};
  Param<List> dnsbl_sites{*this, "postscreen_dnsbl_sites", "", "DNS lists, with weights."};
  Param<int> dnsbl_threshold{
      *this, "postscreen_dnsbl_threshold", "1", "The score at which a client is refused.", at_least(1)};
  Param<Seconds> dnsbl_timeout{
      *this, "postscreen_dnsbl_timeout", "10s", "How long to wait for DNS lists.", at_least(1)};
  Param<std::string> greet_action{*this, "postscreen_greet_action", "ignore",
      "What happens to clients that speak before the greeting.", one_of(kScreenActions)};
  Param<std::string> greet_banner{
      *this, "postscreen_greet_banner", "$smtpd_banner", "What such clients are tempted with."};
  Param<Seconds> greet_ttl{
      *this, "postscreen_greet_ttl", "1d", "How long a passed greeting test counts.", at_least(1)};
  Param<Seconds> greet_wait{*this, "postscreen_greet_wait", "${stress?{2}:{6}}s",
      "How long the greeting is held back.", at_least(1)};
  Param<int> post_queue_limit{*this, "postscreen_post_queue_limit", "$default_process_limit",
      "Clients that may wait for a server.", at_least(5)};
  Param<int> pre_queue_limit{*this, "postscreen_pre_queue_limit", "$default_process_limit",
      "Clients that may be tested at a time.", at_least(10)};
  Param<std::string> upstream_proxy_protocol{*this, "postscreen_upstream_proxy_protocol", "",
      "What a proxy before us sends first: empty, or haproxy."};
  Param<Seconds> upstream_proxy_timeout{
      *this, "postscreen_upstream_proxy_timeout", "5s", "How long to wait for it.", at_least(1)};
  Param<Seconds> watchdog_timeout{
      *this, "postscreen_watchdog_timeout", "10s", "How long one step may take.", not_yet(at_least(10))};
  Param<std::string> handoff{*this, "screen_handoff", "session",
      "How a client that passed the tests of commands goes on: session, with the server, or reconnect, with "
      "another connection.",
      one_of("session reconnect")};
  Param<int> client_prefix_v4{*this, "screen_client_prefix_v4", "32",
      "Bits of an IPv4 address that make it another client.", between(8, 32)};
  Param<int> client_prefix_v6{*this, "screen_client_prefix_v6", "128",
      "Bits of an IPv6 address that make it another client.", between(16, 128)};
  Param<Seconds> tarpit{*this, "screen_tarpit", "0s",
      "How long a client that failed is kept waiting for its replies; 0: not at all."};
  Param<int> tarpit_limit{
      *this, "screen_tarpit_limit", "1000", "Clients that are kept waiting so at a time."};
  Param<std::string> server{*this, "smtpd_service_name", "smtpd",
      "The service that clients are handed to after screening.", at_least(1)};
  Param<bool> respectful_logging{*this, "respectful_logging",
      "${{$compatibility_level} <level {3.6} ? {no} : {yes}}", "Write allowlist and denylist in the log."};
};

}  // namespace postern::config
