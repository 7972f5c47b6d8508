#include "queue/cleanup/canonical.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/date.h"

namespace postern::cleanup {

namespace {

constexpr std::size_t kLongestSubject = 250;  // for listings

// What a client said of itself stands in a structured field: nothing in it may end the line or a comment.
std::string harmless(std::string_view text) {
  std::string out = printable(text, 255);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '(' || c == ')' || c == ';' || c == '\\'; }, '?');
  return out;
}

bool is_dropped(const mail::HeaderField& field, const House& house) {
  return std::any_of(house.drop.begin(), house.drop.end(),
                     [&](const std::string& name) { return field.is(name); });
}

std::string sender_mailbox(std::string_view sender, const House& house) {
  if (sender.empty()) return concat("MAILER-DAEMON@", house.hostname);
  return mail::from_internal(sender).quoted();
}

std::string missing_fields(const mail::HeaderFacts& facts, const House& house, const Making& making,
                           Canonical& result) {
  const std::int64_t now = making.now;
  const std::string resent = facts.resent ? "Resent-" : "";
  std::string out;
  if (facts.resent ? !facts.resent_date : !facts.date)
    out += concat(resent, "Date: ", mail::format_date(now), "\n");
  if (facts.resent ? !facts.resent_from : !facts.from) {
    out += concat(resent, "From: ", sender_mailbox(making.sender, house), "\n");
  }
  if (facts.resent ? !facts.resent_message_id : !facts.message_id) {
    auto& id = facts.resent ? result.resent_message_id : result.message_id;
    id = concat("<", now / 1'000'000, ".", making.id, "@", house.hostname, ">");
    out += concat(resent, "Message-Id: ", id, "\n");
  }
  if (!facts.recipients() && !facts.resent && !house.undisclosed_recipients.empty()) {
    out += concat(house.undisclosed_recipients, "\n");
  }
  return out;
}

// The header block without the fields that must not travel, and with those that were edited. A mbox "From " line in
// front is kept as a field: it may be the first line of a text.
void append_kept_fields(Canonical& result, std::string_view content, const House& house, const Edits& edits) {
  std::string& out = result.content;
  mail::HeaderWalk walk(content, house.header_limits);
  if (walk.header_size() > 0) out += concat("X-Mailbox-Line: ", content.substr(0, walk.header_size()));
  auto edit = edits.begin();
  while (const auto field = walk.next()) {
    const bool edited = edit != edits.end() && edit->at == field->at;
    if (!is_dropped(*field, house)) out += edited ? std::string_view(edit->raw) : field->raw;
    if (edited) ++edit;
    if (result.subject.empty() && field->is("Subject")) {
      result.subject = printable(field->unfolded(), kLongestSubject);
    }
  }
}

}  // namespace

std::string received_field(const ipc::Submit& submitted, const House& house, std::string_view id,
                           std::int64_t now) {
  // What local sends on was received before, and says from whom.
  if (submitted.source == ipc::Source::forwarded) {
    return concat("Received: by ", house.hostname, " (", house.mail_name, ")\n\tid ", id, "; ",
                  mail::format_date(now), "\n");
  }
  std::string out = "Received: ";
  if (!submitted.client.address.empty()) {
    const bool v6 = submitted.client.address.find(':') != std::string::npos;
    out +=
        concat("from ", submitted.client.helo.empty() ? "unknown" : harmless(submitted.client.helo), " (",
               harmless(submitted.client.name), " [", v6 ? "IPv6:" : "", submitted.client.address, "])\n\t");
    for (const auto line : split_fields(submitted.tls, '\n')) {
      if (!line.empty()) out += concat(line, "\n\t");
    }
  }
  out += concat("by ", house.hostname, " (", house.mail_name);
  if (submitted.uid >= 0) out += concat(", from userid ", submitted.uid);
  out += ')';
  if (!submitted.client.protocol.empty()) {
    out += concat(" with ", submitted.client.protocol, submitted.encrypted ? "S" : "");  // RFC 3848
  }
  out += concat(" id ", id);
  if (submitted.recipients.size() == 1)
    out += concat("\n\tfor <", harmless(submitted.recipients.front().original), ">");
  out += concat("; ", mail::format_date(now), "\n");
  return out;
}

Result<Canonical> make_canonical(const ipc::Submit& submitted, const House& house, const Making& making,
                                 const Edits& edits) {
  const std::string_view content = submitted.content;
  const mail::HeaderFacts facts = mail::header_facts(content, house.header_limits);
  if (facts.received > house.hopcount_limit) return fail(Errc::too_long, "too many hops");
  Canonical result;
  result.message_id = facts.message_id_value;
  result.resent_message_id = facts.resent_message_id_value;
  std::string& out = result.content;
  out.reserve(content.size() + 1024);
  out = making.received;
  append_kept_fields(result, content, house, edits);
  // A header block too long for smtpd goes on in the spool file: what it lacks cannot be known, nor added behind it.
  if (submitted.spooled && facts.end == mail::HeaderEnd::no_body) return result;
  if (!out.empty() && out.back() != '\n') out += '\n';
  if (making.origin == Origin::ours) out += missing_fields(facts, house, making, result);
  if (facts.end != mail::HeaderEnd::no_body) out += '\n';
  out += content.substr(std::min(facts.body, content.size()));
  return result;
}

}  // namespace postern::cleanup
