#include "smtp/session.h"

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/tls_guard.h"

namespace postern::smtp {

namespace {

constexpr std::size_t kLongestLine = 2048;            // of a reply; the rest of a longer one is passed over
constexpr std::size_t kMostPassedOver = 1024 * 1024;  // bytes of one line
constexpr int kMostGarbage = 100;                     // lines of a reply that are none

Trouble unwilling(const Host& host, const wire::Reply& answer) {
  return refused(host, answer, concat("host ", host.label(), " refused to talk to me: ", answer.text()));
}

tl::unexpected<Trouble> failed(Trouble why) { return tl::make_unexpected(std::move(why)); }

}  // namespace

Session::Session(const Setup& setup, net::Loop& loop, Host host, Fd fd)
    : begun(loop.now()), setup_(setup), host_(std::move(host)), stream_(loop, std::move(fd)) {}

// ---- the beginning

net::Task<Maybe> Session::greeting() {
  auto answer = co_await reply(*setup_.session.helo_timeout, "receiving the initial server greeting");
  if (!answer) co_return answer.error();
  if (!answer->ok()) {
    Trouble why = unwilling(host_, *answer);
    if (answer->permanent() && *setup_.session.skip_5xx_greeting) why.dsn[0] = '4';
    co_return why;
  }
  const auto words = split_words(answer->lines[0], " \t-");
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == 0 && loop_detection && iequals(words[0], *setup_.common.myhostname)) {
      log_warning(
          concat("host ", host_.label(), " greeted me with my own hostname ", *setup_.common.myhostname));
    }
    if (i > 0 && iequals(words[i], "ESMTP")) features.esmtp = true;
  }
  if (*setup_.more.always_send_ehlo || setup_.is_lmtp()) features.esmtp = true;
  if (*setup_.more.never_send_ehlo && !setup_.is_lmtp()) features.esmtp = false;
  co_return std::nullopt;
}

net::Task<Maybe> Session::hello() {
  const std::string& name = *setup_.session.helo_name;
  const bool esmtp = features.esmtp;
  if (esmtp) {
    const std::string verb = setup_.is_lmtp() ? "LHLO" : "EHLO";
    const std::string_view doing =
        setup_.is_lmtp() ? "performing the LHLO handshake" : "performing the EHLO handshake";
    auto answer = co_await ask(concat(verb, " ", name), *setup_.session.helo_timeout, doing);
    if (!answer) co_return answer.error();
    if (answer->ok()) {
      co_return co_await read_keywords(std::move(*answer));
    }
    if (setup_.is_lmtp() || answer->code == 421) {
      co_return unwilling(host_, *answer);
    }
  }
  auto answer =
      co_await ask(concat("HELO ", name), *setup_.session.helo_timeout, "performing the HELO handshake");
  if (!answer) co_return answer.error();
  features = Features();
  if (!answer->ok()) co_return unwilling(host_, *answer);
  co_return greeted_by_ourselves(*answer);
}

net::Task<Maybe> Session::read_keywords(wire::Reply answer) {
  const Keywords* ignored = &setup_.ignored_keywords;
  Keywords of_address;
  if (!setup_.ignored_by_address.empty()) {
    auto found = co_await setup_.ignored_by_address.lookup(host_.address);
    if (!found) co_return trouble("4.3.0", concat(host_.address, ": ", found.error().text));
    if (*found) {
      of_address = keywords_of(**found);
      ignored = &of_address;
    }
  }
  features = read_features(answer, *ignored);
  co_return greeted_by_ourselves(answer);
}

Maybe Session::greeted_by_ourselves(const wire::Reply& answer) const {
  const auto words = split_words(answer.lines.empty() ? std::string_view() : answer.lines[0], " \t");
  if (!loop_detection || words.empty() || !iequals(words[0], *setup_.common.myhostname)) return std::nullopt;
  log_warning(concat("host ", host_.label(), " replied to HELO/EHLO with my own hostname ", words[0]));
  Trouble why =
      trouble(is_best_host ? "5.4.6" : "4.4.6", concat("mail for ", words[0], " loops back to myself"));
  why.loop = true;
  return why;
}

// ---- commands and replies

void Session::put(std::string_view command) {
  constexpr std::string_view kLineEnds("\r\n\0", 3);
  if (command.find_first_of(kLineEnds) == std::string_view::npos) {
    stream_.put(command);
  } else {  // whatever a command was made of, it is one line
    std::string line(command);
    for (char& c : line) c = kLineEnds.find(c) == std::string_view::npos ? c : '?';
    stream_.put(line);
  }
  stream_.put("\r\n");
}

net::Task<Answer> Session::ask(std::string command, Duration limit, std::string_view doing) {
  auto early = unexpected();
  if (early) co_return failed(std::move(*early));
  put(command);
  co_return co_await reply(limit, doing);
}

Maybe Session::unexpected(Next next, net::Stream::Look look) {
  const auto there = stream_.has_input(look);
  if (!there || !*there) return std::nullopt;  // an end of the stream is told to who reads next
  const bool before_tls = next == Next::tls;
  (before_tls ? setup_.counts().tls.injections : setup_.counts().early_replies).add();
  if (next == Next::mail && is_tls) {
    log_warning(concat("server ", host_.label(), " violates ", setup_.tls.tls_block_early_mail_reply.name(),
                       " policy"));
  }
  log_warning(concat(queue_id, queue_id.empty() ? "" : ": ", "unexpected server message from ", host_.relay(),
                     before_tls ? " before the TLS handshake: " : ": ", escaped(stream_.buffered(), 200)));
  may_be_kept = false;
  return trouble("4.7.0", concat("unexpected server message from ", host_.label()));
}

Trouble Session::broken(const Error& error, std::string_view doing) {
  is_broken_ = true;
  const auto breach = stream_.tls_breach();
  if (breach != net::TlsBreach::none) {
    setup_.counts().tls.ended(breach);
    daemon::log_breach(host_.relay(), breach, stream_.tls_breach_text());
    return trouble("4.7.5", concat("TLS with host ", host_.label(), " was ended while ", doing));
  }
  if (error.kind == Errc::timeout) {
    drop_output();
    if (loop().now() >= end) return late(doing);
    return trouble("4.4.2", concat("conversation with ", host_.label(), " timed out while ", doing));
  }
  return trouble("4.4.2", concat("lost connection with ", host_.label(), " while ", doing));
}

bool Session::lost_tls() const {
  return is_tls && is_broken_ && stream_.tls_breach() == net::TlsBreach::none;
}

Trouble Session::late(std::string_view doing) const {
  return trouble("4.4.2", concat("conversation with ", host_.label(), " timed out while ", doing, " (",
                                 setup_.session.delivery_time_limit.name(), ")"));
}

// A line of a reply. What is longer than any should be is cut.
net::Task<tl::expected<std::string, Trouble>> Session::reply_line(Deadline deadline, std::string_view doing) {
  auto line = co_await stream_.read_line(kLongestLine, deadline);
  if (line) co_return std::string(line->text);
  if (line.error().kind != Errc::too_long) co_return failed(broken(line.error(), doing));
  std::string text(stream_.buffered().substr(0, kLongestLine));
  log_warning(concat(host_.relay(), ": response longer than ", kLongestLine, ": ", escaped(text, 30)));
  auto why = co_await pass_over_line(deadline, doing);
  if (why) co_return failed(std::move(*why));
  co_return text;
}

// Up to its end, should it have one: whoever sends without an end would keep us busy until the deadline.
net::Task<Maybe> Session::pass_over_line(Deadline deadline, std::string_view doing) {
  for (std::size_t passed = 0; passed <= kMostPassedOver;) {
    auto some = co_await stream_.read_some(deadline);
    if (!some) co_return broken(some.error(), doing);
    const auto lf = some->find('\n');
    if (lf != std::string_view::npos) {
      stream_.unread(some->substr(lf + 1));
      co_return std::nullopt;
    }
    passed += some->size();
  }
  co_return senseless(doing);
}

Trouble Session::senseless(std::string_view doing) const {
  return trouble("4.5.0", concat("host ", host_.label(), " does not speak SMTP while ", doing));
}

Deadline Session::until(Duration limit) { return std::min(loop().in(limit), end); }

void Session::prolong(Duration by) {
  if (end != Deadline::max()) end += by;
}

net::Task<Answer> Session::reply(Duration limit, std::string_view doing) {
  const Deadline deadline = until(limit);
  wire::ReplyReader reader;
  for (int garbage = 0; garbage < kMostGarbage;) {
    auto line = co_await reply_line(deadline, doing);
    if (!line) co_return failed(std::move(line.error()));
    if (!setup_.reply_filter.empty()) {
      auto filtered = co_await setup_.reply_filter.lookup(*line);
      if (filtered && *filtered) *line = **filtered;
      if (!filtered) log_warning(concat(setup_.session.reply_filter.name(), ": ", filtered.error().text));
    }
    auto state = reader.add(*line);
    if (!state && state.error().kind == Errc::too_long) break;
    if (!state) {
      note_garbage(*line);
      ++garbage;
    } else if (*state == wire::ReplyReader::State::complete) {
      auto answer = reader.take();
      if (answer.code == 421) may_be_kept = false;
      co_return answer;
    }
  }
  co_return failed(senseless(doing));
}

void Session::note_garbage(std::string_view line) const {
  if (!features.pipelining) return;
  log_warning(concat(queue_id, ": non-", setup_.is_lmtp() ? "LMTP" : "SMTP", " response from ", host_.relay(),
                     ": ", escaped(line)));
}

// ---- the end

// What a server does not take must not stay in the kernel, which would offer it for many minutes more.
void Session::drop_output() {
  const linger at_once{1, 0};
  static_cast<void>(::setsockopt(stream_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

void Session::leave() {
  if (is_broken_) return;
  put("QUIT");
  stream_.flush_now();
}

net::Task<void> Session::quit() {
  if (is_broken_) co_return;
  put("QUIT");
  auto answer = co_await reply(*setup_.session.quit_timeout, "sending QUIT");
  static_cast<void>(answer);  // whatever it is: we leave
}

bool Session::is_quiet() {
  const auto there = stream_.has_input(net::Stream::Look::kernel);
  if (!there) return false;
  if (!stream_.buffered().starts_with("421")) return !unexpected();
  return false;  // it is tired of waiting
}

}  // namespace postern::smtp
