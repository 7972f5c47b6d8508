#include "lib/mail/header.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::mail {

namespace {

// The place behind the line that begins at `at`.
std::size_t line_end(std::string_view text, std::size_t at) {
  const auto lf = text.find('\n', at);
  return lf == std::string_view::npos ? text.size() : lf + 1;
}

bool is_mbox_line(std::string_view message) {
  return message.starts_with("From ") || message.starts_with(">From ");
}

// Blanks and the LF of a fold.
bool is_folding(char c) { return is_blank(c) || c == '\n'; }

void note_recipients(HeaderFacts& facts, const HeaderField& field) {
  facts.to = facts.to || field.is("To");
  facts.cc = facts.cc || field.is("Cc");
  facts.bcc = facts.bcc || field.is("Bcc");
  facts.resent_recipients =
      facts.resent_recipients || field.is("Resent-To") || field.is("Resent-Cc") || field.is("Resent-Bcc");
}

void note_message_id(bool& seen, std::string& value, const HeaderField& field) {
  if (!seen) value = field.unfolded();
  seen = true;
}

void note(HeaderFacts& facts, const HeaderField& field) {
  ++facts.fields;
  if (field.is("Received")) ++facts.received;
  facts.date = facts.date || field.is("Date");
  facts.from = facts.from || field.is("From");
  facts.sender = facts.sender || field.is("Sender");
  facts.mime = facts.mime || field.is("MIME-Version");
  facts.resent = facts.resent || istarts_with(field.name, "Resent-");
  facts.resent_date = facts.resent_date || field.is("Resent-Date");
  facts.resent_from = facts.resent_from || field.is("Resent-From");
  note_recipients(facts, field);
  if (field.is("Message-Id")) note_message_id(facts.message_id, facts.message_id_value, field);
  if (field.is("Resent-Message-Id"))
    note_message_id(facts.resent_message_id, facts.resent_message_id_value, field);
}

}  // namespace

bool HeaderField::is(std::string_view field_name) const { return iequals(name, field_name); }

// RFC 5322 2.2.3: only the line endings go. A CR before one, left by a program that writes CR LF, goes too.
std::string HeaderField::unfolded() const {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (c != '\n') {
      out += c;
    } else if (out.ends_with('\r')) {
      out.pop_back();
    }
  }
  while (!out.empty() && is_space(out.back())) out.pop_back();
  return out;
}

std::string_view field_name(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] < 0x7f && line[length] != ':') ++length;
  auto colon = length;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  if (length == 0 || colon == line.size() || line[colon] != ':') return {};
  return line.substr(0, length);
}

HeaderWalk::HeaderWalk(std::string_view message, HeaderLimits limits) : message_(message), limits_(limits) {
  if (is_mbox_line(message)) at_ = line_end(message, 0);
}

std::optional<HeaderField> HeaderWalk::finish(HeaderEnd end) {
  done_ = true;
  end_ = end;
  return std::nullopt;
}

std::optional<HeaderField> HeaderWalk::next() {
  if (done_) return std::nullopt;
  if (at_ == message_.size()) return finish(HeaderEnd::no_body);
  if (message_[at_] == '\n') return finish(HeaderEnd::blank_line);
  auto end = line_end(message_, at_);
  const auto name = field_name(message_.substr(at_, end - at_));
  if (name.empty()) return finish(HeaderEnd::body_line);
  while (end < message_.size() && is_blank(message_[end])) end = line_end(message_, end);
  if (end > limits_.block) return finish(HeaderEnd::too_large);

  HeaderField field;
  field.name = name;
  field.at = at_;
  field.raw = message_.substr(at_, end - at_);
  field.oversized = field.raw.size() > limits_.field;
  field.value = field.raw.substr(field.raw.find(':', name.size()) + 1);
  if (field.value.ends_with('\n')) field.value.remove_suffix(1);
  while (!field.value.empty() && is_folding(field.value.front())) field.value.remove_prefix(1);
  at_ = end;
  return field;
}

HeaderFacts header_facts(std::string_view message, HeaderLimits limits) {
  HeaderFacts facts;
  HeaderWalk walk(message, limits);
  while (const auto field = walk.next()) note(facts, *field);
  facts.header_size = walk.header_size();
  facts.body = walk.body();
  facts.end = walk.end();
  return facts;
}

std::optional<HeaderField> find_field(std::string_view message, std::string_view name, HeaderLimits limits) {
  HeaderWalk walk(message, limits);
  while (auto field = walk.next()) {
    if (field->is(name)) return field;
  }
  return std::nullopt;
}

}  // namespace postern::mail
