#include "queue/cleanup/envelope.h"

#include "lib/base/text.h"

namespace postern::cleanup {

namespace {

// NOTIFY without SUCCESS: what a notification of expansion leaves to wish (RFC 3461 5.2.7.2).
std::string without_success(std::string_view notify) {
  std::string out;
  for (const auto word : split_words(notify, ",")) {
    if (!iequals(word, "SUCCESS")) out += concat(out.empty() ? "" : ",", word);
  }
  return out.empty() ? "NEVER" : out;
}

bool wants_success(std::string_view notify) {
  for (const auto word : split_words(notify, ",")) {
    if (iequals(word, "SUCCESS")) return true;
  }
  return false;
}

}  // namespace

bool Envelope::refuse(Error error, std::string_view reply) {
  refused_.log = std::move(error.text);
  refused_.reply = reply;
  return false;
}

net::Task<bool> Envelope::make_canonical(std::string& address, table::AddressKind kind) {
  if (!mail::is_complete(address)) address = mail::complete(address, rewriter_.completion());
  if (!how_.map || !rewriter_.has_maps(kind)) co_return true;
  auto canonical = co_await rewriter_.canonical(address, kind);
  if (!canonical) co_return refuse(canonical.error(), {});
  address = std::move(*canonical);
  co_return true;
}

net::Task<bool> Envelope::fill(std::string_view sender, const std::vector<ipc::Recipient>& recipients) {
  sender_ = sender;
  const bool known = co_await make_canonical(sender_, table::AddressKind::envelope_sender);
  if (!known) co_return false;
  recipients_.reserve(recipients.size());
  for (const auto& recipient : recipients) {
    const bool added = co_await add(recipient);
    if (!added) co_return false;
  }
  if (!how_.copies) co_return true;
  if (rewriter_.has_bcc_maps()) {
    auto copy = co_await rewriter_.bcc_of_sender(sender_);
    if (!copy) co_return refuse(copy.error(), {});
    if (*copy) {
      const bool added = co_await add_copy(**copy);
      if (!added) co_return false;
    }
  }
  if (how_.always_bcc.empty()) co_return true;
  co_return co_await add_copy(how_.always_bcc);
}

net::Task<bool> Envelope::add(ipc::Recipient recipient) {
  if (recipient.original.empty()) recipient.original = recipient.address;
  if (recipient.address.empty()) recipient.address = how_.empty_recipient;
  const bool known = co_await make_canonical(recipient.address, table::AddressKind::envelope_recipient);
  if (!known) co_return false;
  if (first_.empty()) first_ = recipient.address;
  const bool copied = how_.copies && rewriter_.has_bcc_maps();
  std::string address;
  if (copied) address = recipient.address;
  const bool added = co_await add_canonical(std::move(recipient));
  if (!added || !copied) co_return added;
  auto copy = co_await rewriter_.bcc_of_recipient(address);
  if (!copy) co_return refuse(copy.error(), {});
  if (!*copy) co_return true;
  co_return co_await add_copy(**copy);
}

net::Task<bool> Envelope::add_copy(std::string_view address) {
  ipc::Recipient recipient;
  recipient.address = address;
  recipient.original = address;
  recipient.notify = "NEVER";
  const bool known = co_await make_canonical(recipient.address, table::AddressKind::envelope_recipient);
  if (!known || recipient.address.empty()) co_return known;
  co_return co_await add_canonical(std::move(recipient));
}

net::Task<bool> Envelope::add_canonical(ipc::Recipient recipient) {
  if (how_.map && rewriter_.has_aliases()) {
    co_return co_await expand(std::move(recipient));
  }
  add_once(std::move(recipient));
  co_return true;
}

net::Task<bool> Envelope::expand(ipc::Recipient recipient) {
  auto addresses = co_await rewriter_.expand(recipient.address);
  if (!addresses) co_return refuse(addresses.error(), "4.6.0 Alias expansion error");
  if (addresses->size() > 1 && wants_success(recipient.notify)) {
    expanded_.push_back(recipient);
    recipient.notify = without_success(recipient.notify);
  }
  for (auto& address : *addresses) {
    ipc::Recipient each = recipient;
    each.address = std::move(address);
    add_once(std::move(each));
  }
  co_return true;
}

void Envelope::add_once(ipc::Recipient recipient) {
  if (!how_.keep_original) recipient.original = recipient.address;
  if (is_new(recipient)) recipients_.push_back(std::move(recipient));
}

// With their original recipients told apart, the same mailbox may get one for each of them.
bool Envelope::is_new(const ipc::Recipient& recipient) {
  std::string key = lower(recipient.address);
  if (how_.keep_original) {
    key += concat('\n', lower(recipient.original), '\n', recipient.notify, '\n', lower(recipient.orcpt));
  }
  if (how_.remembered > 0 && seen_.size() >= how_.remembered) return seen_.find(key) == seen_.end();
  return seen_.insert(std::move(key)).second;
}

void Envelope::redirect(std::string_view address) {
  ipc::Recipient recipient;
  if (!recipients_.empty()) recipient.original = recipients_.front().original;
  recipient.address = mail::complete(address, rewriter_.completion());
  if (recipient.original.empty() || !how_.keep_original) recipient.original = recipient.address;
  recipients_.clear();
  expanded_.clear();
  recipients_.push_back(std::move(recipient));
}

}  // namespace postern::cleanup
