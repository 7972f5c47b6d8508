#include "lib/config/restrictions.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::config {

namespace {
using enum Argument;

// clang-format off
constexpr RestrictionWord kWords[] = {
    {"check_ccert_access", table},
    {"check_client_a_access", table},
    {"check_client_access", table, true},
    {"check_client_mx_access", table},
    {"check_client_ns_access", table},
    {"check_etrn_access", table},
    {"check_helo_a_access", table},
    {"check_helo_access", table, true},
    {"check_helo_mx_access", table},
    {"check_helo_ns_access", table},
    {"check_policy_service", service},
    {"check_recipient_a_access", table},
    {"check_recipient_access", table, true},
    {"check_recipient_mx_access", table},
    {"check_recipient_ns_access", table},
    {"check_relay_domains"},
    {"check_reverse_client_hostname_a_access", table},
    {"check_reverse_client_hostname_access", table},
    {"check_reverse_client_hostname_mx_access", table},
    {"check_reverse_client_hostname_ns_access", table},
    {"check_sasl_access", table},
    {"check_sender_a_access", table},
    {"check_sender_access", table, true},
    {"check_sender_mx_access", table},
    {"check_sender_ns_access", table},
    {"defer", none, true},
    {"defer_if_permit"},
    {"defer_if_reject"},
    {"defer_unauth_destination", none, true},
    {"dunno"},
    {"permit", none, true},
    {"permit_auth_destination", none, true},
    {"permit_dnswl_client", text},
    {"permit_inet_interfaces"},
    {"permit_mx_backup"},
    {"permit_mynetworks", none, true},
    {"permit_naked_ip_address"},
    {"permit_rhswl_client", text},
    {"permit_sasl_authenticated", none, true},
    {"permit_tls_all_clientcerts", none, true},
    {"permit_tls_clientcerts", none, true},
    {"reject", none, true},
    {"reject_authenticated_sender_login_mismatch"},
    {"reject_invalid_helo_hostname", none, true},
    {"reject_invalid_hostname", none, true},
    {"reject_known_sender_login_mismatch"},
    {"reject_maps_rbl"},
    {"reject_multi_recipient_bounce"},
    {"reject_non_fqdn_helo_hostname", none, true},
    {"reject_non_fqdn_hostname", none, true},
    {"reject_non_fqdn_recipient", none, true},
    {"reject_non_fqdn_sender", none, true},
    {"reject_plaintext_session"},
    {"reject_rbl_client", text},
    {"reject_rhsbl_client", text},
    {"reject_rhsbl_helo", text},
    {"reject_rhsbl_recipient", text},
    {"reject_rhsbl_reverse_client", text},
    {"reject_rhsbl_sender", text},
    {"reject_sender_login_mismatch"},
    {"reject_unauth_destination", none, true},
    {"reject_unauth_pipelining", none, true},
    {"reject_unauthenticated_sender_login_mismatch"},
    {"reject_unknown_address"},
    {"reject_unknown_client"},
    {"reject_unknown_client_hostname"},
    {"reject_unknown_forward_client_hostname"},
    {"reject_unknown_helo_hostname"},
    {"reject_unknown_hostname"},
    {"reject_unknown_recipient_domain"},
    {"reject_unknown_reverse_client_hostname"},
    {"reject_unknown_sender_domain"},
    {"reject_unlisted_recipient", none, true},
    {"reject_unlisted_sender", none, true},
    {"reject_unverified_recipient"},
    {"reject_unverified_sender"},
    {"sleep", text},
    {"warn_if_reject"},
};
// clang-format on

}  // namespace

std::span<const RestrictionWord> restriction_words() { return kWords; }

const RestrictionWord* find_restriction(std::string_view name) {
  const auto* found = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&](const RestrictionWord& word) { return iequals(word.name, name); });
  return found == std::end(kWords) ? nullptr : found;
}

}  // namespace postern::config
