#include "smtp/rewrite.h"

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/address_list.h"
#include "lib/mail/header.h"

namespace postern::smtp {

namespace {

constexpr std::size_t kLargestHeader = 1 << 20;  // a header block beyond this is sent as it is

constexpr std::string_view kAddressFields[] = {"From",
                                               "Sender",
                                               "Reply-To",
                                               "To",
                                               "Cc",
                                               "Bcc",
                                               "Apparently-To",
                                               "Errors-To",
                                               "Mail-Followup-To",
                                               "Return-Receipt-To",
                                               "Disposition-Notification-To",
                                               "Resent-From",
                                               "Resent-Sender",
                                               "Resent-Reply-To",
                                               "Resent-To",
                                               "Resent-Cc",
                                               "Resent-Bcc"};

bool has_addresses(const mail::HeaderField& field) {
  return std::any_of(std::begin(kAddressFields), std::end(kAddressFields),
                     [&](std::string_view name) { return field.is(name); });
}

bool is_mime(const mail::HeaderField& field) {
  return istarts_with(field.name, "content-") || field.is("MIME-Version");
}

// An address as smtp_generic_maps has it; "@domain" in a table changes the domain alone.
net::Task<Result<std::string>> outer_address(const Setup& setup, const std::string& address) {
  if (address.empty()) co_return address;
  auto match =
      co_await setup.generic.lookup_address(address, setup.recipient_delimiter, table::AddressKeys::full);
  if (!match) co_return fail(match.error());
  if (!*match) co_return address;
  const std::string& value = (*match)->value;
  if (!value.starts_with('@')) co_return value;
  co_return mail::from_internal(address).local + value;
}

// The field with its addresses changed, everything else as it was.
net::Task<Result<std::string>> outer_field(const Setup& setup, mail::HeaderField field) {
  const auto list = mail::parse_mailbox_list(field.value);
  if (!list) co_return std::string(field.raw);
  std::string out(field.raw);
  const auto value_at = static_cast<std::size_t>(field.value.data() - field.raw.data());
  for (auto box = list->rbegin(); box != list->rend(); ++box) {
    const std::string old = box->address.text();
    auto mapped = co_await outer_address(setup, old);
    if (!mapped) co_return mapped;
    if (*mapped != old) out.replace(value_at + box->at, box->length, mail::from_internal(*mapped).quoted());
  }
  co_return out;
}

struct Checked {
  std::string before, text;  // what is sent in place of a field
};

// What a table says about a field: "REPLACE text", "PREPEND text", "IGNORE", "WARN text", ….
net::Task<Result<Checked>> check_field(const Setup& setup, const table::Maps& checks, std::string_view id,
                                       std::string field) {
  Checked checked;
  checked.text = field;
  const std::string key = field.substr(0, field.ends_with('\n') ? field.size() - 1 : field.size());
  auto found = co_await checks.lookup(key);
  if (!found) co_return fail(found.error());
  if (!*found) co_return checked;
  const auto words = trim(**found);
  const auto end = std::min(words.find_first_of(" \t"), words.size());
  const std::string action = upper(words.substr(0, end));
  const auto text = trim(words.substr(end));
  static_cast<void>(setup);
  if (action == "DUNNO" || action == "OK") co_return checked;
  const bool known = action == "IGNORE" || action == "STRIP" || action == "REPLACE" || action == "PREPEND" ||
                     action == "WARN" || action == "INFO";
  if (!known) {
    log_warning(concat(id, ": unsupported command in header checks: ", printable(words)));
    co_return checked;
  }
  if (action != "IGNORE") {
    const std::string word = action == "WARN" ? "warning" : lower(action);
    log_info(
        concat(id, ": ", word, ": header ", printable(key, 200), text.empty() ? "" : ": ", printable(text)));
  }
  if (action == "IGNORE" || action == "STRIP") checked.text.clear();
  if (action == "REPLACE" && !text.empty()) checked.text = concat(text, "\n");
  if (action == "PREPEND" && !text.empty()) checked.before = concat(text, "\n");
  co_return checked;
}

net::Task<Result<void>> rewrite_head(const Setup& setup, Letter& letter) {
  const std::string id = setup.id_text(letter.message->queue_id);
  mail::HeaderLimits limits;
  limits.block = kLargestHeader;
  mail::HeaderWalk walk(letter.message->content, limits);
  std::string head;
  std::size_t copied = 0;
  while (const auto field = walk.next()) {
    head += std::string_view(letter.message->content).substr(copied, field->at - copied);
    copied = field->at + field->raw.size();
    std::string text(field->raw);
    if (!setup.generic.empty() && has_addresses(*field)) {
      auto outer = co_await outer_field(setup, *field);
      if (!outer) co_return fail(outer.error());
      text = std::move(*outer);
    }
    const table::Maps& checks = is_mime(*field) ? setup.mime_header_checks : setup.header_checks;
    if (!checks.empty()) {
      auto checked = co_await check_field(setup, checks, id, text);
      if (!checked) co_return fail(checked.error());
      head += checked->before;
      text = std::move(checked->text);
    }
    head += text;
  }
  letter.head = std::move(head);
  letter.replaced = copied;
  co_return Result<void>();
}

}  // namespace

net::Task<Result<Letter>> prepare_letter(const Setup& setup, const ipc::Deliver& message) {
  auto letter = letter_of(message);
  const bool changes =
      !setup.generic.empty() || !setup.header_checks.empty() || !setup.mime_header_checks.empty();
  if (!letter || !changes) co_return letter;
  if (!setup.generic.empty()) {
    auto sender = co_await outer_address(setup, letter->sender);
    if (!sender) co_return fail(sender.error());
    letter->sender = std::move(*sender);
    for (LetterTo& to : letter->to) {
      auto address = co_await outer_address(setup, to.address);
      if (!address) co_return fail(address.error());
      to.address = std::move(*address);
    }
  }
  auto rewritten = co_await rewrite_head(setup, *letter);
  if (!rewritten) co_return fail(rewritten.error());
  co_return letter;
}

}  // namespace postern::smtp
