// Header blocks, address lists and queue ids: fields lie side by side and cover the header, each address
// stands where the parser says it does, and what reads as a queue id is written the same way.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "lib/mail/address_list.h"
#include "lib/mail/header.h"
#include "lib/mail/queue_id.h"

using namespace postern;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

void check_list(std::string_view text) {
  mail::ListLimits limits;
  limits.mailboxes = 50;
  const auto list = mail::parse_mailbox_list(text, limits);
  if (!list) return;
  require(list->size() <= limits.mailboxes);
  std::size_t last = 0;
  for (const auto& mailbox : *list) {
    require(mailbox.at >= last && mailbox.length > 0 && mailbox.length <= text.size() - mailbox.at);
    last = mailbox.at + mailbox.length;
    const auto alone = mail::parse_mailbox_list(text.substr(mailbox.at, mailbox.length));
    require(alone && alone->size() == 1 && alone->front().address == mailbox.address);
    const auto again = mail::parse_mailbox(mailbox.address.quoted());
    require(again && *again == mailbox.address);
  }
}

void check_header(std::string_view message, mail::HeaderLimits limits) {
  mail::HeaderWalk walk(message, limits);
  std::size_t at = walk.header_size(), count = 0;
  while (const auto field = walk.next()) {
    require(field->at == at && field->raw == message.substr(at, field->raw.size()) && !field->raw.empty());
    require(!field->name.empty() && mail::field_name(field->raw) == field->name);
    require(field->unfolded().find('\n') == std::string::npos);
    require(field->oversized == (field->raw.size() > limits.field));
    at += field->raw.size();
    ++count;
    check_list(field->value);
  }
  require(walk.header_size() == at && walk.body() <= message.size());
  require(walk.end() != mail::HeaderEnd::no_body || at == message.size());
  const auto facts = mail::header_facts(message, limits);
  require(facts.fields == count && facts.end == walk.end() && facts.body == walk.body());
  require(facts.from == mail::find_field(message, "from", limits).has_value());
}

void check_queue_id(std::string_view text) {
  const auto id = mail::parse_queue_id(text);
  if (id) require(*id && (id->short_text() == text || id->long_text() == text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_header(text, {});
  check_header(text, {40, 200});
  check_list(text);
  check_queue_id(text);
  check_queue_id(trim(text.substr(0, text.find('\n'))));
  return 0;
}
