// The parameters that list addresses of clients, checked before a service reads them.
#pragma once

#include <array>
#include <string_view>

#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::table {

inline constexpr std::array<std::string_view, 3> kAddressLists = {
    "mynetworks", "smtpd_forbid_bare_newline_exclusions", "postscreen_allowlist_interfaces"};

// Is the value of such a parameter a list that MatchList takes? Fails as MatchList::parse does.
Result<void> check_address_list(const config::Settings& settings, std::string_view parameter);

}  // namespace postern::table
