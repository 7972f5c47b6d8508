// What all deliveries of a process share and none of them changes: the parameters, and what follows from them.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/host_facts.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/smtp_client_params.h"
#include "lib/config/params/smtp_more_params.h"
#include "lib/config/params/smtp_session_params.h"
#include "lib/config/params/smtp_tls_params.h"
#include "lib/config/settings.h"
#include "lib/net/dns.h"
#include "lib/table/maps.h"
#include "lib/table/match_list.h"
#include "smtp/counts.h"
#include "smtp/destination.h"
#include "smtp/features.h"

namespace postern::smtp {

using config::Side;

enum class DnsSupport { disabled, enabled, dnssec };

struct Setup {
  explicit Setup(Side side) : client(side), session(side), tls(side) {}
  // Reads the parameters and opens their tables. Call it before the jail. Fails with the first that is wrong.
  static Result<std::unique_ptr<Setup>> load(
      const config::Settings& settings, Side side,
      const config::HostFacts& host = config::HostFacts::of_this_host());

  config::CommonParams common;
  config::SmtpClientParams client;
  config::SmtpSessionParams session;
  config::SmtpTlsParams tls;
  config::SmtpMoreParams more;

  bool long_queue_ids = false;
  std::string relayhost, recipient_delimiter;
  unsigned default_port = 25;
  std::vector<Destination> fallback;  // smtp_fallback_relay
  DnsSupport dns = DnsSupport::enabled;
  bool hosts_file = false;            // smtp_host_lookup names `native`
  std::vector<net::Family> families;  // inet_protocols
  table::MatchList own_addresses;     // at which we receive mail
  net::Endpoint bind4, bind6;         // length 0: any
  Keywords ignored_keywords;
  table::Maps ignored_by_address, generic, reply_filter, status_filter, passwords, tls_policies;
  table::Maps header_checks, mime_header_checks;
  Duration least_backoff{};  // minimal_backoff_time
  int tls_log_level = 0;
  bool refuses_downgrades = false;                  // smtp_tls_downgrade_action = defer
  std::map<std::string, std::string> cipher_lists;  // of each grade, as OpenSSL has them

  Side side() const { return is_lmtp() ? Side::lmtp : Side::smtp; }
  bool is_lmtp() const { return client.is_lmtp(); }
  std::mt19937& random() const { return *random_; }
  Counts& counts() const { return *counts_; }
  // A queue id as the log shows it.
  std::string id_text(std::int64_t queue_id) const;

 private:
  Result<void> read(const config::Settings& settings, const config::HostFacts& host);
  Result<void> read_places(const config::Settings& settings, const config::HostFacts& host);
  Result<void> open_tables();
  std::unique_ptr<std::mt19937> random_ = std::make_unique<std::mt19937>(std::random_device{}());
  std::unique_ptr<Counts> counts_ = std::make_unique<Counts>();
};

}  // namespace postern::smtp
