// BDAT (RFC 3030): content in chunks of announced lengths. The chunk of a command that is refused is read as well, before the
// answer (section 2): nothing that a message holds is ever taken for a command. After an error all chunks are skipped,
// until LAST or whatever else ends the transaction.
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/session.h"

namespace postern::smtpd {

net::Task<void> Session::bdat(wire::Bdat chunk) {
  if (!shared_.setup.rules.offer.chunking) {
    complain({521, {5, 5, 1}, "Error: command not implemented"});
    co_return;
  }
  auto refused = chunk_refusal(chunk);
  if (!refused && !mail_->chunks) {
    refused = co_await content_refusal();
    if (refused) note_reject(*refused);
  }
  if (!refused) {
    co_await take_chunk(chunk);
    co_return;
  }
  skip_from_now_on();
  const bool skipped = co_await skip_chunk(chunk.size);
  if (!skipped) co_return;
  complain(*refused);
  if (chunk.last) forget_transaction();
}

// What a chunk is refused for before anybody is asked.
Refusal Session::chunk_refusal(wire::Bdat chunk) const {
  if (chunk.size == 0 && !chunk.last) {
    log_warning(concat(shown_id(), ": null BDAT request from ", peer_.text()));
    return mail::Status{551, {5, 7, 1}, "Null BDAT request"};
  }
  if (skips_chunks_) {
    return mail::Status{551, {5, 0, 0}, concat("Discarded ", chunk.size, " bytes after earlier error")};
  }
  auto too_early = content_before_its_turn();
  if (too_early) return too_early;
  const auto limit = static_cast<std::uint64_t>(*shared_.setup.limits.message_size_limit);
  const std::uint64_t taken = mail_->chunks ? mail_->chunks->size() : 0;
  if (limit == 0 || chunk.size <= limit - std::min(limit, taken)) return std::nullopt;
  log_warning(concat(shown_id(), ": BDAT request from ", peer_.text(), " exceeds message size limit"));
  return mail::Status{552, {5, 3, 4}, "Chunk exceeds message size limit"};
}

net::Task<void> Session::take_chunk(wire::Bdat chunk) {
  if (!mail_->chunks) {
    mail_->submit.queue_id = mail_->id.number();
    mail_->chunks = std::make_unique<Content>(shared_, *mail_, wire::Framing::counted, bare_newline_policy());
  }
  Content& content = *mail_->chunks;
  const bool complete = co_await receive(content, chunk.size);
  if (!complete) co_return;
  if (chunk.last) {
    where_ = kEndOfMessage;
    co_await hand_over(content);
    forget_transaction();
  } else {
    answer_chunk(content, chunk.size);
  }
}

// What is wrong already need not wait for the rest of the message.
void Session::answer_chunk(const Content& content, std::uint64_t size) {
  std::optional<mail::Status> problem = content.problem();
  if (content.decoder().refused()) problem = bare_newline_refusal();
  if (!problem) return reply(mail::status::ok(concat("Ok: ", size, " bytes")));
  where_ = "BDAT content";
  reject(*problem);
  where_ = name_of(Verb::bdat);
  skip_from_now_on();
}

void Session::skip_from_now_on() {
  skips_chunks_ = true;
  if (mail_) mail_->chunks.reset();
}

// False: the session is over.
net::Task<bool> Session::skip_chunk(std::uint64_t size) {
  begin_request();
  while (size > 0) {
    auto some = co_await stream_.read_some(wait(), size);
    if (!some) {
      waited();
      ++errors_;
      co_await no_line(std::move(some.error()));
      co_return false;
    }
    const auto taken = std::min<std::uint64_t>(size, some->size());
    stream_.unread(some->substr(taken));
    wasted(taken);
    size -= taken;
  }
  co_return true;
}

// For a command that is refused whatever it says.
net::Task<void> Session::skip_unseen(std::string_view line) {
  const auto command = wire::parse_command(line, shared_.setup.rules.grammar);
  if (!command) {
    refuse_bdat_line(line, command.error());
    co_return;
  }
  co_await skip_chunk(std::get<wire::Bdat>(*command).size);
}

void Session::refuse_bdat_line(std::string_view line, const mail::Status& status) {
  log_warning(
      concat(shown_id(), ": malformed BDAT command syntax from ", peer_.text(), ": ", printable(line, 100)));
  complain(status);
}

}  // namespace postern::smtpd
