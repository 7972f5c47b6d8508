#include "smtpd/content.h"

#include <algorithm>
#include <limits>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/messages/spool.h"

namespace postern::smtpd {

namespace {

// Room for a piece of input, at once: most messages come in one or two pieces.
void make_room(std::string& text, std::size_t more) {
  const std::size_t needed = text.size() + more + 2;
  if (needed > text.capacity()) text.reserve(std::max(needed, 2 * text.capacity()));
}

}  // namespace

Content::Content(Shared& shared, Transaction& mail, wire::Framing framing, wire::BareNewline policy)
    : shared_(shared),
      framing_(framing),
      submit_(mail.submit),
      queue_id_(mail.id.number()),
      decoder_(framing, policy),
      limit_(static_cast<std::uint64_t>(*shared.setup.limits.message_size_limit)) {
  if (limit_ == 0) limit_ = std::numeric_limits<std::uint64_t>::max();
}

// The transaction may be gone already, and with it its spool descriptor.
Content::~Content() { release_file(); }

wire::ContentDecoder::Progress Content::take(std::string_view input) {
  std::string& out = place_ == Place::memory ? submit_.content : shared_.block;
  make_room(out, input.size());
  const auto progress = decoder_.feed(input, out);
  if (decoder_.size() > limit_ && !problem_) {
    give_up({552, {5, 3, 4}, "Error: message file too big"});
  }
  if (place_ == Place::file) write(shared_.block);
  shared_.block.clear();
  return progress;
}

bool Content::overflows() {
  return place_ == Place::memory &&
         submit_.content.size() > static_cast<std::size_t>(*shared_.setup.queue.queue_inline_limit) &&
         find_header_end();
}

// The header section stays in memory with the empty line that ends it, so that whoever looks at headers need
// not read the file. One that is too long to be one is cut at a line.
bool Content::find_header_end() {
  const std::string& text = submit_.content;
  const auto most = static_cast<std::size_t>(*shared_.setup.limits.header_size_limit);
  const auto end = text.find("\n\n", searched_);
  searched_ = text.empty() ? 0 : text.size() - 1;
  if (text.starts_with('\n')) {
    header_ = 1;
  } else if (end != std::string::npos && end + 2 <= most) {
    header_ = end + 2;
  } else if (text.size() > most) {
    header_ = text.rfind('\n', most - 1) + 1;
    if (header_ == 0) header_ = most;
  }
  return header_ > 0;
}

net::Task<void> Content::open_spool() {
  ipc::OpenSpool question;
  question.queue_id = queue_id_;
  question.size = static_cast<std::int64_t>(std::max<std::uint64_t>(submit_.content.size(), submit_.size));
  file_wanted_ = true;
  auto opened = co_await shared_.qmgr.ask<ipc::OpenSpoolCall>(
      question, shared_.loop.in(*shared_.setup.process.ipc_timeout));
  if (!opened) {
    log_warning(opened.error().text);
    give_up(mail::status::queue_error());
    co_return;
  }
  if (!opened->problem.empty() || !opened->file) {
    give_up(mail::status::no_space());
    co_return;
  }
  file_ = std::move(opened->file);
  place_ = Place::file;
  submit_.spooled = true;
  write(std::string_view(submit_.content).substr(header_));
  if (problem_) co_return;
  submit_.content.resize(header_);
  submit_.content.shrink_to_fit();
}

void Content::write(std::string_view text) {
  if (text.empty()) return;
  auto written = write_all(file_.get(), text, "spool file");
  if (written) {
    shared_.disk_full = false;
    return;
  }
  const bool full = written.error().kind == Errc::full;
  // Once, not for every message of every client, until something could be written again.
  if (!full || !shared_.disk_full) log_warning(written.error().text);
  shared_.disk_full = full;
  give_up(full ? mail::status::no_space() : mail::status::queue_error());
}

void Content::give_up(mail::Status why) {
  problem_ = std::move(why);
  place_ = Place::nowhere;
  std::string().swap(submit_.content);
  submit_.spooled = false;
  drop_file();
}

void Content::drop_file() {
  submit_.spool.reset();
  release_file();
}

void Content::release_file() {
  file_.reset();
  if (!file_wanted_) return;
  file_wanted_ = false;
  ipc::DropSpool drop;
  drop.queue_id = queue_id_;
  shared_.qmgr.tell(drop);
}

mail::Status Content::queued(std::string_view id) const {
  if (framing_ == wire::Framing::dots) return mail::status::queued(id);
  return mail::status::ok(concat("Ok: ", decoder_.size() + decoder_.bare_lf(), " bytes queued as ", id));
}

void Content::finish() {
  decoder_.finish(place_ == Place::memory ? submit_.content : shared_.block);
  if (place_ == Place::file) write(shared_.block);
  shared_.block.clear();
  submit_.size = static_cast<std::int64_t>(decoder_.size());
  if (place_ == Place::file) submit_.spool = std::move(file_);
}

}  // namespace postern::smtpd
