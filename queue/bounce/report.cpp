#include "queue/bounce/report.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address_list.h"
#include "lib/mail/header.h"
#include "queue/bounce/fields.h"

namespace postern::bounce {

namespace {

constexpr std::string_view kEightBit = "Content-Transfer-Encoding: 8bit\n";

bool needs_utf8(const ipc::Notify& question, const Original& original) {
  if (!question.smtputf8) return false;
  if (!is_ascii(question.sender) || !is_ascii(original.header)) return true;
  return std::any_of(question.recipients.begin(), question.recipients.end(), [](const ipc::NotifyOf& r) {
    return !is_ascii(r.address) || !is_ascii(r.original) || !is_ascii(r.reason) || !is_ascii(r.diagnostic);
  });
}

// "Mail Delivery Service <MAILER-DAEMON>" with the domain that it lacks.
std::string complete_from(const std::string& from, const std::string& origin) {
  const auto mailboxes = mail::parse_mailbox_list(from);
  if (!mailboxes || mailboxes->size() != 1) return from;
  const mail::Mailbox& only = mailboxes->front();
  if (!only.address.domain.empty()) return from;
  return concat(from.substr(0, only.at + only.length), "@", origin, from.substr(only.at + only.length));
}

std::string thread_fields(std::string_view header) {
  const auto id = mail::find_field(header, "Message-Id");
  if (!id || id->unfolded().empty()) return {};
  const std::string message_id = printable(id->unfolded(), 900);
  const auto before = mail::find_field(header, "References");
  std::string references = "References: ";
  if (before && before->value.size() < 4000) references += concat(printable(before->unfolded(), 4000), " ");
  return concat(folded(concat(references, message_id)), "In-Reply-To: ", message_id, "\n");
}

std::string header_section(const Letter& letter, const Wording& wording, const Original& original,
                           const House& house, const Report& report, std::string_view boundary) {
  std::string out =
      concat("From: ", complete_from(wording.from, house.origin), "\nSubject: ", wording.subject,
             "\nTo: ", shown_address(letter.to, report.global), "\n");
  if (house.threaded) out += thread_fields(original.header);
  out += concat("Auto-Submitted: ", letter.audience == Audience::sender ? "auto-replied" : "auto-generated",
                "\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=",
                report.global ? "global-delivery-status" : "delivery-status", ";\n\tboundary=\"", boundary,
                "\"\n");
  if (report.eight_bit) out += kEightBit;
  return concat(out, "\nThis is a MIME-encapsulated message.\n");
}

std::string for_people(const ipc::Notify& question, const Wording& wording, bool global, bool eight_bit) {
  std::string out = "Content-Description: Notification\n";
  const bool ours_is_ascii = iequals(wording.charset, "us-ascii");
  out +=
      concat("Content-Type: text/plain; charset=", global && ours_is_ascii ? "utf-8" : wording.charset, "\n");
  if (eight_bit) out += kEightBit;
  out += concat("\n", wording.text);
  for (const ipc::NotifyOf& r : question.recipients) {
    if (!is_wanted(question, r)) continue;
    std::string about = concat("<", shown_address(r.address, global), ">");
    if (!r.original.empty() && !iequals(r.original, r.address)) {
      about += concat(" (expanded from <", shown_address(r.original, global), ">)");
    }
    out += concat("\n", folded(concat(about, ": ", plain(r.reason, global))));
  }
  return concat(out, "\n");
}

std::string for_programs(const ipc::Notify& question, const House& house, std::string_view id, bool global) {
  std::string out = "Content-Description: Delivery report\nContent-Type: ";
  out += global ? "message/global-delivery-status\n" : "message/delivery-status\n";
  if (global) out += kEightBit;
  out += concat("\n", message_fields(question, house.hostname, id, global));
  for (const ipc::NotifyOf& r : question.recipients) {
    if (is_wanted(question, r)) out += concat("\n", recipient_fields(question, r, global));
  }
  return concat(out, "\n");
}

std::string before_original(const ipc::Notify& question, const Original& original, bool global) {
  const bool all = original.returned == Returned::all;
  const std::string_view adjective = question.kind == ipc::NotifyKind::failure ? "Undelivered "
                                     : question.kind == ipc::NotifyKind::delay ? "Delayed "
                                                                               : "";
  std::string out = concat("Content-Description: ", adjective, "Message");
  if (!all) out += " Headers";
  out += "\nContent-Type: ";
  if (all) {
    out += global ? "message/global\n" : "message/rfc822\n";
  } else {
    out += global ? "message/global-headers\n" : "text/rfc822-headers\n";
  }
  if (original.eight_bit) out += kEightBit;
  return concat(out, "\n");
}

}  // namespace

std::string_view action_of(const ipc::Notify& question, const ipc::NotifyOf& recipient) {
  const bool probe = question.purpose == ipc::Purpose::verify;
  if (question.kind == ipc::NotifyKind::delay) return "delayed";
  if (question.kind == ipc::NotifyKind::failure) return "failed";
  switch (recipient.status) {
    case ipc::DeliveryStatus::deferred: return probe ? "undeliverable" : "delayed";
    case ipc::DeliveryStatus::bounced: return probe ? "undeliverable" : "failed";
    case ipc::DeliveryStatus::sent: break;
  }
  if (probe) return "deliverable";
  switch (recipient.arrival) {
    case ipc::Arrival::expanded: return "expanded";
    case ipc::Arrival::relayed:
    case ipc::Arrival::passed_on: return "relayed";
    case ipc::Arrival::delivered: break;
  }
  return "delivered";
}

Report make_report(const ipc::Notify& question, const Letter& letter, const Wording& wording,
                   const Original& original, const House& house, std::string_view id,
                   std::string_view boundary) {
  Report report;
  report.global = needs_utf8(question, original);
  const bool text_is_plain = is_ascii(wording.text) && !report.global;
  report.eight_bit = report.global || original.eight_bit || !text_is_plain;
  const std::string line = concat("\n--", boundary, "\n");
  report.head = concat(header_section(letter, wording, original, house, report, boundary), line,
                       for_people(question, wording, report.global, !text_is_plain), line.substr(1),
                       for_programs(question, house, id, report.global), line.substr(1),
                       before_original(question, original, report.global));
  report.tail = concat("\n--", boundary, "--\n");
  return report;
}

}  // namespace postern::bounce
