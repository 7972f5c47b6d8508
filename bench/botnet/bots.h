// The bots: what each kind says, and does not wait for.
#pragma once

#include "bench/botnet/call.h"
#include "bench/botnet/plan.h"

namespace postern::botnet {

// One connection of a bot, from its address on.
net::Task<Visit> visit_as_bot(net::Loop& loop, const Options& options, Caller caller);

}  // namespace postern::botnet
