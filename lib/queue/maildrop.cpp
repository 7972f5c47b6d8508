#include "lib/queue/maildrop.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "lib/base/text.h"

namespace postern::queue {

namespace {

constexpr std::string_view kFileMark = "postern-maildrop 1 ";
constexpr std::string_view kStreamMark = "postern-submission 1 ";
constexpr std::size_t kEnvelopeDigits = 10, kContentDigits = 22;
constexpr std::size_t kLongestHead = 64;
constexpr std::size_t kLargestPiece = 1u << 20;
static_assert(kFirstLine == kFileMark.size() + kEnvelopeDigits + 1 + kContentDigits + 1);

// LF, NUL and '%' as %XX.
std::string escaped_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "%0A";
    } else if (c == '\0') {
      out += "%00";
    } else if (c == '%') {
      out += "%25";
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::string> unescaped_value(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string_view code = text.substr(0, 3);
    if (code == "%0A") {
      out += '\n';
    } else if (code == "%00") {
      out += '\0';
    } else if (code == "%25") {
      out += '%';
    } else {
      return fail(Errc::invalid, "bad escape");
    }
    text.remove_prefix(3);
  }
  return out;
}

std::string digits(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return text.size() >= width ? text : std::string(width - text.size(), '0') + text;
}

void put(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out += concat(name, "=", escaped_value(value), "\n");
}

Result<void> set_number(std::int64_t& to, const std::string& value) {
  const auto number = parse_number(value);
  if (!number) return fail(Errc::invalid, "bad number");
  to = *number;
  return {};
}

Result<void> add_recipient(Dropped& dropped, std::string value) {
  if (dropped.recipients.size() == kMostDroppedRecipients) return fail(Errc::too_long, "too many recipients");
  if (value.empty()) return fail(Errc::invalid, "empty recipient");
  dropped.recipients.emplace_back().address = std::move(value);
  return {};
}

Result<void> set_of_last(Dropped& dropped, std::string DroppedRecipient::*member, std::string value) {
  if (dropped.recipients.empty()) return fail(Errc::invalid, "no recipient before it");
  dropped.recipients.back().*member = std::move(value);
  return {};
}

Result<void> set_flag(bool& to, const std::string& value) {
  if (value != "1") return fail(Errc::invalid, "bad value");
  to = true;
  return {};
}

Result<void> set(Dropped& dropped, std::string_view name, std::string value) {
  constexpr std::pair<std::string_view, std::string Dropped::*> kTexts[] = {
      {"login", &Dropped::login}, {"full_name", &Dropped::full_name}, {"sender", &Dropped::sender},
      {"envid", &Dropped::envid}, {"ret", &Dropped::ret},             {"body_type", &Dropped::body_type}};
  for (const auto& [known, member] : kTexts) {
    if (name == known) {
      dropped.*member = std::move(value);
      return {};
    }
  }
  if (name == "arrived") return set_number(dropped.arrived, value);
  if (name == "uid") return set_number(dropped.uid, value);
  if (name == "recipient") return add_recipient(dropped, std::move(value));
  if (name == "notify") return set_of_last(dropped, &DroppedRecipient::notify, std::move(value));
  if (name == "orcpt") return set_of_last(dropped, &DroppedRecipient::orcpt, std::move(value));
  if (name == "smtputf8") return set_flag(dropped.smtputf8, value);
  if (name != "purpose") return fail(Errc::invalid, "unknown name");
  if (value != "1" && value != "2") return fail(Errc::invalid, "bad value");
  dropped.purpose = value.front() - '0';
  return {};
}

}  // namespace

std::string format_dropped(const Dropped& dropped) {
  std::string out;
  if (dropped.arrived > 0) put(out, "arrived", std::to_string(dropped.arrived));
  if (dropped.uid >= 0) put(out, "uid", std::to_string(dropped.uid));
  put(out, "login", dropped.login);
  put(out, "full_name", dropped.full_name);
  put(out, "sender", dropped.sender);
  put(out, "envid", dropped.envid);
  put(out, "ret", dropped.ret);
  put(out, "body_type", dropped.body_type);
  if (dropped.smtputf8) put(out, "smtputf8", "1");
  if (dropped.purpose != 0) put(out, "purpose", std::to_string(dropped.purpose));
  for (const DroppedRecipient& recipient : dropped.recipients) {
    put(out, "recipient", recipient.address);
    put(out, "notify", recipient.notify);
    put(out, "orcpt", recipient.orcpt);
  }
  return out;
}

Result<Dropped> parse_dropped(std::string_view lines) {
  if (lines.size() > kLongestEnvelope) return fail(Errc::too_long, "the envelope is too long");
  Dropped dropped;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const auto where = [number](std::string_view text) { return concat("envelope, line ", number, ": ", text); };
    const auto end = lines.find('\n');
    if (end == std::string_view::npos) return fail(Errc::invalid, where("it does not end"));
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return fail(Errc::invalid, where("no name=value"));
    if (line.size() > kLongestDroppedText) return fail(Errc::too_long, where("the value is too long"));
    auto value = unescaped_value(line.substr(equals + 1));
    if (!value) return fail(Errc::invalid, where(value.error().text));
    auto done = set(dropped, line.substr(0, equals), std::move(*value));
    if (!done) return fail(done.error().kind, where(done.error().text));
  }
  return dropped;
}

std::string format_first_line(FileSizes sizes) {
  return concat(kFileMark, digits(sizes.envelope, kEnvelopeDigits), " ", digits(sizes.content, kContentDigits), "\n");
}

Result<FileSizes> parse_first_line(std::string_view line) {
  if (line.size() != kFirstLine || !line.starts_with(kFileMark) || line.back() != '\n' ||
      line[kFileMark.size() + kEnvelopeDigits] != ' ') {
    return fail(Errc::invalid, "no file of maildrop");
  }
  const auto envelope = parse_number(line.substr(kFileMark.size(), kEnvelopeDigits));
  const auto content = parse_number(line.substr(kFileMark.size() + kEnvelopeDigits + 1, kContentDigits));
  if (!envelope || !content) return fail(Errc::invalid, "no sizes in the first line");
  if (*envelope == 0) return fail(Errc::invalid, "it was not written to its end");
  return FileSizes{*envelope, *content};
}

std::string format_stream_head(std::string_view envelope) {
  return concat(kStreamMark, envelope.size(), "\n", envelope);
}

void append_piece(std::string& out, std::string_view bytes) {
  while (bytes.size() > kLargestPiece) {
    append_piece(out, bytes.substr(0, kLargestPiece));
    bytes.remove_prefix(kLargestPiece);
  }
  out += concat(bytes.size(), "\n", bytes);
}

Result<void> StreamReader::line(std::string_view text) {
  const bool head = state_ == State::head;
  if (head) {
    if (!text.starts_with(kStreamMark)) return fail(Errc::invalid, "no submission of sendmail");
    text.remove_prefix(kStreamMark.size());
  }
  const auto size = parse_number(text);
  if (!size) return fail(Errc::invalid, "bad size in a submission");
  const std::size_t most = head ? kLongestEnvelope : kLargestPiece;
  if (static_cast<std::uint64_t>(*size) > most) return fail(Errc::too_long, "too large a size in a submission");
  left_ = static_cast<std::size_t>(*size);
  if (head) {
    state_ = left_ == 0 ? State::size : State::envelope;
  } else {
    state_ = left_ == 0 ? State::ended : State::bytes;
  }
  return {};
}

Result<void> StreamReader::feed(std::string_view bytes, std::string& content) {
  while (!bytes.empty()) {
    if (state_ == State::ended) return fail(Errc::invalid, "more behind the end of a submission");
    if (state_ == State::envelope || state_ == State::bytes) {
      const std::string_view some = bytes.substr(0, left_);
      (state_ == State::envelope ? envelope_ : content) += some;
      left_ -= some.size();
      bytes.remove_prefix(some.size());
      if (left_ == 0) state_ = State::size;
      continue;
    }
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kLongestHead) return fail(Errc::invalid, "no submission of sendmail");
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    const std::string text = std::move(line_);
    line_.clear();
    auto done = line(text);
    if (!done) return done;
  }
  return {};
}

}  // namespace postern::queue
