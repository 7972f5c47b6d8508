#include "smtpd/handed.h"

#include <sys/socket.h>

#include <string>

#include "lib/ipc/frame.h"

namespace postern::smtpd {

using screening::Action;
using screening::Test;
using screening::TestSet;

namespace {

std::unique_ptr<net::Endpoint> end_of(std::string_view address, int port) {
  const auto end = net::Endpoint::parse(address, static_cast<unsigned>(port));
  return end ? std::make_unique<net::Endpoint>(*end) : nullptr;
}

}  // namespace

Handed::Handed(const ipc::HandedOver& state, Fd channel)
    : server_(end_of(state.server_address, state.server_port)),
      channel_(std::move(channel)),
      watched_(TestSet::of_bits(static_cast<unsigned>(state.tests)) & screening::kDeepTests),
      enforced_(TestSet::of_bits(static_cast<unsigned>(state.enforced))),
      dropped_(TestSet::of_bits(static_cast<unsigned>(state.dropped))),
      pipelining_(state.pipelining) {}

// A screen that has ended, or stands still, does not concern the session.
template <class Message>
void Handed::tell(const Message& message) {
  if (!channel_) return;
  std::string frame;
  ipc::append_message(frame, message, 0);
  const auto sent = ::send(channel_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(frame.size())) channel_.reset();
}

void Handed::begin() {
  tell(ipc::Begun());
  if (watched_.empty()) channel_.reset();
}

Action Handed::fail(Test test, std::string_view after, std::string_view text) {
  watched_.remove(test);
  ipc::Offence offence;
  offence.test = static_cast<std::int64_t>(test);
  offence.after = after;
  offence.text = text.substr(0, ipc::Offence::kLongestText);
  tell(offence);
  if (dropped_.has(test)) return Action::drop;
  if (!enforced_.has(test)) return Action::ignore;
  refuses_ = true;
  return Action::enforce;
}

void Handed::finish(bool accepted) {
  ipc::Watched watched;
  watched.accepted = accepted;
  tell(watched);
  channel_.reset();
  watched_ = {};
}

void Handed::hold(mail::Status refusal, Promise promise) {
  if (refusal_) return;
  refusal_ = std::move(refusal);
  promise_ = promise;
}

void Handed::forget_promises() {
  if (promise_ != Promise::session) refusal_.reset();
}

std::optional<mail::Status> Handed::held(Verb verb) {
  if (!refusal_ || verb == Verb::quit) return std::nullopt;
  if (promise_ == Promise::session) return refusal_;
  const bool greets = verb == Verb::helo || verb == Verb::ehlo;
  const bool sender_ends = verb == Verb::rset || verb == Verb::mail;
  if (greets || (sender_ends && promise_ == Promise::sender)) {
    refusal_.reset();
    return std::nullopt;
  }
  const bool mail = verb == Verb::rcpt || verb == Verb::data || verb == Verb::bdat || verb == Verb::mail;
  return mail ? refusal_ : std::nullopt;
}

}  // namespace postern::smtpd
