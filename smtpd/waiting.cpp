// Waiting for the client, by its limits, and what is said when it took too long.
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/conversation.h"

namespace postern::smtpd {

namespace {

// What is on its way when limits become tighter may still arrive.
constexpr Duration kGrace = seconds(1);

Duration limit_of(seconds limit) { return limit == seconds(0) ? Duration::max() : Duration(limit); }

std::string_view name_of(Patience::Cause cause) {
  switch (cause) {
    case Patience::Cause::session: return ": smtpd_session_time_limit";
    case Patience::Cause::first_command: return ": smtpd_first_command_time_limit";
    case Patience::Cause::request: break;
  }
  return "";
}

}  // namespace

Patience::Limits Conversation::limits(Duration request) const {
  const config::SmtpdParams& params = shared_.setup.smtpd;
  Patience::Limits limits;
  limits.request = request;
  limits.session = limit_of(*params.session_time_limit);
  limits.first_command = limit_of(*params.first_command_time_limit);
  limits.data_rate = *params.min_data_rate;
  limits.percent = shared_.load.percent(proven_);
  return limits;
}

void Conversation::begin_request() {
  patience_.begin_request();
  shared_.sessions.touch(*this, proven_);
}

Deadline Conversation::wait() {
  const Duration timeout = shared_.setup.timeout();
  if (*shared_.setup.smtpd.per_request_deadline) return wait(timeout);
  stream_.limit_each_wait(timeout / 100 * shared_.load.percent(proven_));
  return wait(Duration::max());
}

Deadline Conversation::wait(Duration request) {
  gives_way_ = false;
  request_limit_ = request;
  return patience_.begin_wait(shared_.loop.now(), limits(request));
}

void Conversation::waited(std::size_t content) {
  patience_.end_wait(shared_.loop.now(), content, limits(request_limit_));
  // Content that comes as fast as it should: nobody is more welcome.
  if (content > 0 && !is_still()) shared_.sessions.touch(*this, proven_);
}

// It pays as well, so that a client on a slow line hears in the end what is wrong: for as much as one message may have, and
// not for ever.
void Conversation::wasted(std::size_t content) {
  const auto limit = static_cast<std::uint64_t>(*shared_.setup.limits.message_size_limit);
  wasted_ += content;
  waited(limit == 0 || wasted_ <= limit ? content : 0);
}

void Conversation::hurry() {
  if (patience_.waits()) stream_.hurry(shared_.loop.in(shared_.setup.timeout()));
}

void Conversation::tighten() {
  if (!patience_.waits()) return;
  const Deadline by = patience_.limit_wait(limits(request_limit_));
  stream_.hurry(std::max(by, shared_.loop.in(kGrace)));
}

// A wait for the client took too long. `after`: what came last.
void Conversation::out_of_time(std::string_view after) {
  if (!open_) return;
  open_ = false;
  if (stream_.has_unheard()) stream_.give_up_output();
  if (gives_way_) return say_busy(after);
  shared_.timed_out.add();
  std::string_view limit = name_of(patience_.cause());
  if (limit.empty() && shared_.load.percent(proven_) < 100) limit = ": smtpd_load_limits";
  log_info(concat("timeout after ", after, " from ", peer_.text(), limit));
  reply(mail::status::timeout(shared_.setup.host()));
}

}  // namespace postern::smtpd
