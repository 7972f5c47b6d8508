#include "queue/cleanup/header_addresses.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mail/address_list.h"

namespace postern::cleanup {

namespace {

constexpr struct {
  std::string_view name;
  bool sender;
} kFields[] = {
    {"From", true},
    {"To", false},
    {"Cc", false},
    {"Sender", true},
    {"Reply-To", true},
    {"Bcc", false},
    {"Apparently-To", false},
    {"Disposition-Notification-To", true},
    {"Errors-To", true},
    {"Mail-Followup-To", true},
    {"Return-Path", true},
    {"Return-Receipt-To", true},
    {"Resent-From", true},
    {"Resent-Sender", true},
    {"Resent-Reply-To", true},
    {"Resent-To", false},
    {"Resent-Cc", false},
    {"Resent-Bcc", false},
};

// What is the same for all fields of a message.
struct Job {
  const table::Rewriter& rewriter;
  const mail::Completion& completion;
  bool map;
  std::size_t longest;
};

net::Task<Result<std::string>> rewritten(const Job& job, const mail::Address& address,
                                         table::AddressKind kind) {
  std::string text = mail::complete(address.text(), job.completion);
  if (!job.map || !job.rewriter.has_maps(kind)) co_return text;
  co_return co_await job.rewriter.canonical(std::move(text), kind);
}

// The whole field with its new addresses; empty when none changes.
net::Task<Result<std::string>> rewrite_field(const Job& job, const mail::HeaderField& field,
                                             table::AddressKind kind) {
  std::string raw;
  mail::ListLimits limits;
  limits.bytes = job.longest;
  const auto mailboxes = mail::parse_mailbox_list(field.value, limits);
  if (!mailboxes) co_return raw;
  const auto value_at = static_cast<std::size_t>(field.value.data() - field.raw.data());
  std::size_t copied = 0;
  for (const auto& mailbox : *mailboxes) {
    auto text = co_await rewritten(job, mailbox.address, kind);
    if (!text) co_return fail(text.error());
    const auto at = value_at + mailbox.at;
    const bool dotted = field.raw.substr(at, mailbox.length).ends_with('.');
    if (*text == mailbox.address.text() && !dotted) continue;
    raw += concat(field.raw.substr(copied, at - copied), mail::from_internal(*text).quoted());
    copied = at + mailbox.length;
  }
  if (copied > 0) raw += field.raw.substr(copied);
  co_return raw;
}

}  // namespace

std::optional<table::AddressKind> address_kind(const mail::HeaderField& field) {
  for (const auto& known : kFields) {
    if (!field.is(known.name)) continue;
    return known.sender ? table::AddressKind::header_sender : table::AddressKind::header_recipient;
  }
  return std::nullopt;
}

bool looks_complete(std::string_view value) {
  if (value.find_first_of("\"(\\:;[") != std::string_view::npos) return false;
  while (!value.empty()) {
    const auto entry = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), entry.size() + 1));
    const auto at = entry.find('@');
    if (at == std::string_view::npos) return false;
    const auto end = entry.find_first_of("> \t\r\n", at);
    const auto domain = entry.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    if (domain.find('.') == std::string_view::npos || domain.ends_with('.')) return false;
  }
  return true;
}

net::Task<Result<Edits>> rewrite_header(std::string_view message, mail::HeaderLimits limits,
                                        const table::Rewriter& rewriter, const mail::Completion& completion,
                                        bool map) {
  const Job job{rewriter, completion, map, limits.field};
  Edits edits;
  mail::HeaderWalk walk(message, limits);
  for (auto field = walk.next(); field; field = walk.next()) {
    const auto kind = address_kind(*field);
    if (!kind) continue;
    const bool mapped = map && rewriter.has_maps(*kind);
    if (!mapped && looks_complete(field->value)) continue;
    auto raw = co_await rewrite_field(job, *field, *kind);
    if (!raw) co_return fail(raw.error());
    if (!raw->empty()) edits.push_back({field->at, std::move(*raw)});
  }
  co_return edits;
}

}  // namespace postern::cleanup
