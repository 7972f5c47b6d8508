#include "smtpd/conversation.h"

#include <sys/socket.h>

#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/address.h"
#include "lib/wire/reply.h"
#include "smtpd/content.h"

namespace postern::smtpd {

namespace {

Peer peer_of(const net::Endpoint& endpoint, const Shared& shared) {
  const std::string address = endpoint.address();
  const bool named = *shared.setup.smtpd.peername_lookup;
  return Peer(named ? shared.names.name_of(address) : "unknown", address, endpoint.port());
}

}  // namespace

Conversation::Conversation(Shared& shared, net::Accepted connection)
    : shared_(shared),
      stream_(shared.loop, std::move(connection.fd)),
      peer_(peer_of(connection.peer, shared)) {
  net::keep_little_unsent(stream_.fd());
  shared.sessions.touch(*this, false);
  shared.follow_load(1);
}

Conversation::~Conversation() { shared_.follow_load(-1); }

std::string Conversation::place() const {
  if (where_ != name_of(Verb::bdat) || !mail_ || !mail_->chunks) return std::string(where_);
  return concat(where_, " (", mail_->chunks->size(), " bytes)");
}

void Conversation::reply(const mail::Status& status) {
  if (muted_) return;
  std::string text;
  wire::append_reply(text, softened(status));
  add_footer(text);
  stream_.put(text);
  if (status.code == 421 || status.code == 521) open_ = false;
}

void Conversation::reply(std::string_view line) {
  if (!muted_) stream_.put(line);
}

void Conversation::complain(const mail::Status& status) {
  ++errors_;
  reply(status);
}

void Conversation::reject(const mail::Status& status) {
  ++errors_;
  note_reject(status);
  if (muted_) handed_->hold(status, promise_);
  reply(status);
}

void Conversation::note_reject(const mail::Status& status) {
  shared_.rejected.add();
  log_reject(status);
}

std::string Conversation::shown_id() const {
  return mail_ && mail_->id ? shared_.setup.text_of(mail_->id) : "NOQUEUE";
}

void Conversation::log_reject(const mail::Status& status) const {
  std::string line = shown_id();
  line += concat(": reject: ", where_, " from ", peer_.text(), ": ", softened(status).reply(), ';');
  if (mail_) line += concat(" from=<", mail::shown_address(mail_->submit.sender), '>');
  if (recipient_ != nullptr) {
    line += concat(" to=<", recipient_->quoted(), '>');
  } else if (mail_ && mail_->submit.recipients.size() == 1) {
    line += concat(" to=<", mail::shown_address(mail_->submit.recipients.front().address), '>');
  }
  line += concat(" proto=", protocol());
  if (!helo_.empty()) line += concat(" helo=<", helo_, '>');
  log_info(line);
}

void Conversation::stop() {
  // Nothing can be said in the middle of a handshake.
  if (shakes_hands_) ::shutdown(stream_.fd(), SHUT_RDWR);
  if (!idle_ || !stream_.buffered().empty()) return;
  say_goodbye();
  stream_.flush_now();
  // The wait for a command ends, also one that does not look at what comes.
  ::shutdown(stream_.fd(), SHUT_RDWR);
  stream_.hurry(shared_.loop.now());
}

void Conversation::say_goodbye() {
  reply(mail::Status{421, {4, 3, 2}, concat(shared_.setup.host(), " Service shutting down")});
}

void Conversation::log_end() const {
  log_info(concat("disconnect from ", peer_.text(), tally_.text(), bare_lf_ ? " notes=bare_lf" : ""));
}

}  // namespace postern::smtpd
