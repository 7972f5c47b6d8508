#include "lib/queue/fields.h"

#include <iterator>

#include "lib/base/text.h"
#include "lib/config/likely.h"

namespace postern::queue {

namespace {

using Kind = FieldKind;

// clang-format off
constexpr Field kFields[] = {
    {"id", "queue_id", Kind::id, false, "m.id"},
    {"state", "queue_name", Kind::word, false,
     "CASE WHEN m.held THEN 2 WHEN m.due IS NULL THEN 0 ELSE 1 END", "active deferred hold"},
    {"sender", "from", Kind::address, false, "m.sender"},
    {"sender_domain", "", Kind::domain, false, "m.sender"},
    {"recipient", "to", Kind::address, true, "r.address"},
    {"recipient_domain", "", Kind::domain, true, "r.address"},
    {"original", "orig_to", Kind::address, true, "r.original"},
    {"reason", "delay_reason", Kind::text, true, "r.reason"},
    {"dsn", "", Kind::text, true, "r.dsn"},
    {"transport", "", Kind::text, true, "r.transport"},
    {"nexthop", "", Kind::text, true, "r.nexthop"},
    {"remote_mta", "", Kind::text, true, "r.remote_mta"},
    {"diagnostic", "", Kind::text, true, "r.diagnostic"},
    {"recipients", "", Kind::number, false,
     "(SELECT count(*) FROM recipient r WHERE r.message = m.id AND r.state < 2)"},
    {"size", "message_size", Kind::size, false, "m.size"},
    {"age", "", Kind::duration, false, "(NOW - m.arrived)"},
    {"arrived", "arrival_time", Kind::date, false, "m.arrived"},
    {"due", "next_attempt", Kind::date, false, "CASE WHEN m.held = 0 THEN m.due END", "", true},
    {"next", "", Kind::duration, false, "max(CASE WHEN m.held = 0 THEN m.due END - NOW, 0)", "", true},
    {"attempts", "", Kind::number, false, "m.attempts"},
    {"message_id", "", Kind::brackets, false, "trim(m.message_id, '<>')"},
    {"subject", "", Kind::text, false, "m.subject"},
    {"client_name", "", Kind::text, false, "m.client_name"},
    {"client_address", "", Kind::text, false, "m.client_address"},
    {"helo", "", Kind::text, false, "m.helo"},
    {"protocol", "", Kind::text, false, "m.protocol"},
    {"sasl_method", "", Kind::text, false, "m.sasl_method"},
    {"sasl_username", "", Kind::text, false, "m.sasl_username"},
    {"sasl_sender", "", Kind::text, false, "m.sasl_sender"},
    {"source", "", Kind::word, false, "m.source", "remote submitted notification forwarded"},
    {"filter", "", Kind::text, false, "m.filter"},
    {"envid", "", Kind::text, false, "m.envid"},
    {"smtputf8", "", Kind::word, false, "m.smtputf8", "no yes"},
    {"warned", "", Kind::word, false, "m.warned", "no yes"},
    {"forced_expire", "", Kind::word, false, "m.forced_expire", "no yes"},
};
// clang-format on

}  // namespace

const Field* find_field(std::string_view name) {
  for (const Field& field : kFields) {
    if (iequals(field.name, name) || (!field.other.empty() && iequals(field.other, name))) return &field;
  }
  return nullptr;
}

std::string likely_field(std::string_view name) {
  config::Likely likely(name);
  for (const Field& field : kFields) likely.offer(field.name);
  return likely.question();
}

std::size_t number_of(const Field& field) { return static_cast<std::size_t>(&field - std::begin(kFields)); }

}  // namespace postern::queue
