#include "queue/pickup/letter.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/mail/header.h"

namespace postern::pickup {

namespace {

Result<std::string> read_at(int fd, std::int64_t at, std::size_t size) {
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t some = ::pread(fd, text.data() + got, size - got, at + static_cast<std::int64_t>(got));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return fail_errno("read", errno);
    if (some == 0) return fail(Errc::io, "read: the file is shorter than it was");
    got += static_cast<std::size_t>(some);
  }
  return text;
}

Result<std::int64_t> check_file(int fd, std::int64_t& uid) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("look at it", errno);
  if (status.st_nlink == 0) return fail(Errc::not_found, "it is gone");
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "no regular file");
  uid = status.st_uid;
  return status.st_size;
}

// A CR that is left by now ends no line here, and would at a server that takes it for an end: a letter could then hold
// commands, or a second letter (cleanup_replace_stray_cr_lf).
void replace_stray(char* text, std::size_t size) { std::replace(text, text + size, '\r', ' '); }

std::int64_t wire_size(std::string_view text) {
  return static_cast<std::int64_t>(text.size()) + std::count(text.begin(), text.end(), '\n');
}

// A display name (RFC 5322 3.2.5), quoted where it must be.
std::string display_name(std::string_view name) {
  const std::string text = printable(name, 200);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || is_blank(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  });
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Behind the last field, when none of those there says who wrote it.
void add_from(std::string& text, const queue::Dropped& dropped, const std::string& origin) {
  const mail::HeaderFacts facts = mail::header_facts(text);
  if (dropped.full_name.empty() || dropped.sender.empty() || (facts.resent ? facts.resent_from : facts.from))
    return;
  mail::Address sender = mail::from_internal(dropped.sender);
  if (sender.domain.empty()) sender.domain = origin;
  const std::string field = concat(facts.resent ? "Resent-" : "", "From: ", display_name(dropped.full_name),
                                   " <", sender.quoted(), ">\n");
  text.insert(facts.header_size, field);
}

}  // namespace

Result<LetterFile> open_letter(const std::string& path) {
  const auto named = [&path](const Error& error) {
    return fail(Error{error.kind, path + ": " + error.text, error.sys});
  };
  auto file = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file && file.error().sys == ELOOP) return fail(Errc::invalid, path + ": a symbolic link");
  if (!file) return fail(file.error());
  LetterFile letter;
  letter.fd = std::move(*file);
  if (::flock(letter.fd.get(), LOCK_EX | LOCK_NB) != 0) return fail(Errc::busy, path + ": in use");
  const auto size = check_file(letter.fd.get(), letter.uid);
  if (!size) return named(size.error());
  if (*size < static_cast<std::int64_t>(queue::kFirstLine)) return fail(Errc::invalid, path + ": too short");
  const auto line = read_at(letter.fd.get(), 0, queue::kFirstLine);
  if (!line) return named(line.error());
  const auto sizes = queue::parse_first_line(*line);
  if (!sizes) return named(sizes.error());
  letter.sizes = *sizes;
  const auto most = static_cast<std::int64_t>(queue::kLongestEnvelope);
  if (sizes->envelope > most ||
      *size - sizes->envelope - static_cast<std::int64_t>(queue::kFirstLine) != sizes->content) {
    return fail(Errc::invalid, path + ": not of the size that it says");
  }
  const auto envelope =
      read_at(letter.fd.get(), queue::kFirstLine, static_cast<std::size_t>(sizes->envelope));
  if (!envelope) return named(envelope.error());
  auto dropped = queue::parse_dropped(*envelope);
  if (!dropped) return named(dropped.error());
  if (dropped->recipients.empty()) return fail(Errc::invalid, path + ": no recipients");
  letter.dropped = std::move(*dropped);
  return letter;
}

Result<Content> read_content(const LetterFile& letter, std::int64_t inline_limit, std::size_t header_limit) {
  const std::int64_t begin = static_cast<std::int64_t>(queue::kFirstLine) + letter.sizes.envelope;
  Content content;
  content.complete = letter.sizes.content <= inline_limit;
  const auto first = static_cast<std::size_t>(
      content.complete ? letter.sizes.content
                       : std::min(letter.sizes.content, static_cast<std::int64_t>(header_limit) + 2));
  auto text = read_at(letter.fd.get(), begin, first);
  if (!text) return fail(text.error());
  content.text = std::move(*text);
  replace_stray(content.text.data(), content.text.size());
  if (content.complete) return content;
  const auto end = content.text.find("\n\n");
  if (content.text.starts_with('\n')) {
    content.text.resize(1);
  } else if (end != std::string::npos) {
    content.text.resize(end + 2);
  } else if (const auto line = content.text.rfind('\n'); line != std::string::npos) {
    content.text.resize(line + 1);  // too long to be one: it is cut at a line
  }
  content.rest = begin + static_cast<std::int64_t>(content.text.size());
  return content;
}

ipc::Submit submit_of(const LetterFile& letter, Content content, const std::string& origin) {
  const queue::Dropped& dropped = letter.dropped;
  ipc::Submit submit;
  submit.sender = dropped.sender;
  submit.arrived = dropped.arrived;
  submit.uid = letter.uid;
  submit.source = ipc::Source::submitted;
  submit.purpose = static_cast<ipc::Purpose>(dropped.purpose);
  submit.body_type = dropped.body_type;
  submit.smtputf8 = dropped.smtputf8;
  submit.envid = dropped.envid;
  submit.ret = dropped.ret;
  submit.recipients.reserve(dropped.recipients.size());
  for (const queue::DroppedRecipient& from : dropped.recipients) {
    ipc::Recipient& to = submit.recipients.emplace_back();
    to.address = to.original = from.address;
    to.notify = from.notify;
    to.orcpt = from.orcpt;
  }
  submit.content = std::move(content.text);
  submit.spooled = !content.complete;
  if (content.complete || submit.content.ends_with("\n\n") || submit.content == "\n") {
    add_from(submit.content, dropped, origin);
  }
  submit.size = wire_size(submit.content);
  return submit;
}

Result<std::int64_t> copy_rest(int from, std::int64_t at, int to) {
  std::array<char, 65536> block{};
  std::int64_t size = 0;
  for (;;) {
    const ssize_t got = ::pread(from, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read a submission", errno);
    if (got == 0) return size;
    replace_stray(block.data(), static_cast<std::size_t>(got));
    const std::string_view piece(block.data(), static_cast<std::size_t>(got));
    auto written = write_all(to, piece, "spool file");
    if (!written) return fail(written.error());
    at += got;
    size += wire_size(piece);
  }
}

}  // namespace postern::pickup
