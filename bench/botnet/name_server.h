// A DNS server that is a DNS list: every name d.c.b.a.LIST has an address if the list knows a.b.c.d, and otherwise does not
// exist, with the SOA record that lets a resolver remember so (RFC 2308). It answers in the turn in which it is asked.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace postern::botnet {

// The answer to a query; empty if it is none. What it says depends on the first label of the list's name: "zen" knows what
// kinds.h calls listed, as 127.0.0.2; "half" a part of these, as 127.0.0.10; no other list knows anybody.
std::string answer(std::string_view query);

// Serves UDP at 127.x.y.z:53 until a signal ends the process. Fails as socket(2) and bind(2).
Result<void> serve_names(const std::string& address, unsigned port);

}  // namespace postern::botnet
