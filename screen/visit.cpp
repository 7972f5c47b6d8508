#include "screen/visit.h"

#include <sys/socket.h>

#include <cerrno>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/net/proxy_protocol.h"
#include "lib/net/wait.h"
#include "screen/talk.h"

namespace postern::screen {

using screening::Count;

Visit::Visit(Shared& shared, net::Accepted connection, End server, daemon::InHand in_hand)
    : shared_(shared),
      fd_(std::move(connection.fd)),
      client_(End::of(connection.peer)),
      server_(server),
      in_hand_(std::move(in_hand)) {}

Visit::~Visit() {
  if (shared_.stopping && talk_ != nullptr && !gone_) send_now("421 4.3.2 Service currently unavailable\r\n");
  leave_queue();
  if (in_tarpit_) {
    --shared_.in_tarpit;
    const auto time = std::chrono::duration_cast<seconds>(shared_.loop.now() - tarpit_began_);
    shared_.counters.add(Count::tarpit_seconds, static_cast<std::uint64_t>(time.count()));
  }
}

int Visit::fd() const { return talk_ != nullptr ? talk_->stream.fd() : fd_.get(); }

net::Task<void> Visit::run() {
  if (shared_.setup.reads_proxy) {
    const bool introduced = co_await introduce();
    if (!introduced) co_return;
  }
  auto way = co_await receive();
  if (way == Way::greeting) {
    way = co_await test_before_greeting();
  }
  if (way == Way::dialogue) {
    way = co_await talk();
  }
  if (way == Way::server) {
    co_await hand_over();
  }
}

// The proxy's header is taken off the connection, and nothing behind it.
net::Task<bool> Visit::introduce() {
  net::Loop& loop = shared_.loop;
  net::Readiness readiness(loop, fd_.get());
  const Deadline deadline = loop.in(*shared_.setup.params.upstream_proxy_timeout);
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), loop.scratch(), net::kLongestProxyHeader, MSG_PEEK | MSG_DONTWAIT);
    std::string_view problem = "EOF";
    if (got > 0 || (got < 0 && errno == EAGAIN)) {
      const std::string_view bytes(loop.scratch(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      const Header header = take_header(bytes);
      if (header == Header::known) co_return true;
      if (header == Header::bad) co_return false;
      const bool came = co_await readiness.readable(deadline);
      if (came) continue;
      problem = "time limit exceeded";
    }
    log_warning(concat("haproxy read: ", problem));
    refuse_proxy();
    co_return false;
  }
}

Visit::Header Visit::take_header(std::string_view bytes) {
  if (bytes.empty()) return Header::incomplete;
  auto header = net::parse_proxy_header(bytes);
  if (!header) {
    log_warning(concat("haproxy read: ", header.error().text));
    refuse_proxy();
    return Header::bad;
  }
  if (!*header) return Header::incomplete;
  const net::ProxyHeader& found = **header;
  static_cast<void>(::recv(fd_.get(), shared_.loop.scratch(), found.size, MSG_DONTWAIT));
  if (found.client.length == 0) return Header::known;
  client_ = End::of(found.client);
  server_ = End::of(found.server);
  proxied_ = true;
  return Header::known;
}

void Visit::refuse_proxy() {
  shared_.counters.add(Count::proxy_failed);
  send_now("421 4.3.2 No system resources\r\n");
}

// What is known of the client, without a test.
net::Task<Visit::Way> Visit::receive() {
  began_ = phase_began_ = shared_.loop.now();
  known_ = shared_.clients.visit(client_);
  shared_.load.began();
  counted_ = true;
  change_stress();
  shared_.counters.add(Count::connections);
  const std::string address = client_.text();
  if (client_.is_inet) shared_.counters.came(client_.address);
  log_info(concat("CONNECT from [", address, "]:", client_.port, " to ", server_.name()));
  const std::string_view no_room = turned_away();
  if (!no_room.empty()) {
    co_await say_last(no_room);
    co_return Way::over;
  }
  auto access = shared_.setup.access_list.judge_now(address);
  if (!access) {
    access = co_await shared_.setup.access_list.judge(address);
  }
  if (*access == Access::permit) {
    log_line(concat(shared_.setup.allow_word, "LISTED"));
    shared_.counters.add(Count::allowlisted);
    say_old_words();
    co_return Way::server;
  }
  if (*access == Access::reject) {
    const std::string_view reply = deny();
    if (!reply.empty()) {
      co_await say_last(reply);
      co_return Way::over;
    }
  }
  if (recall()) co_return Way::server;
  bool vetoed = false;
  if (shared_.setup.minds_interfaces) {
    vetoed = co_await is_vetoed();
  }
  if (vetoed) veto();
  if (shared_.load.too_many_to_judge()) {
    log_info(concat("reject: connect from ", client_.name(), ": all screening ports busy"));
    shared_.counters.add(Count::screening_busy);
    co_await say_last("421 4.3.2 All screening ports are busy\r\n");
    co_return Way::over;
  }
  if (!judgement_.open(screening::kEarlyTests).empty()) co_return Way::greeting;
  co_return next();
}

// The reply to a client for which there is no room; empty if there is.
std::string_view Visit::turned_away() {
  const auto refuse = [this](Count count, std::string_view why) {
    log_info(concat("NOQUEUE: reject: CONNECT from ", client_.name(), ": ", why));
    shared_.counters.add(count);
  };
  const auto limit = static_cast<unsigned>(*shared_.setup.params.client_connection_count_limit);
  if (limit > 0 && shared_.clients.connections(client_) > limit) {
    refuse(Count::too_many_connections, "too many connections");
    return "421 4.7.0 Error: too many connections\r\n";
  }
  if (shared_.load.too_many_waiting()) {
    refuse(Count::servers_busy, "all server ports busy");
    return "421 4.3.2 All server ports are busy\r\n";
  }
  return {};
}

// The reply that ends the visit; empty if it goes on.
std::string_view Visit::deny() {
  const Action action = shared_.setup.denylist_action;
  log_line(concat(shared_.setup.deny_word, "LISTED"));
  say_old_words();
  shared_.counters.add(Count::denylisted);
  if (action == Action::ignore) return {};
  offend();
  judgement_.deny();
  if (action == Action::drop) return "521 5.3.2 Service currently unavailable\r\n";
  refusal_ = "550 5.3.2 Service currently unavailable";
  return {};
}

// True if nothing has to be tested. Clients that come while others of theirs are being judged share what is found out.
bool Visit::recall() {
  const std::int64_t now = wall_seconds();
  const TestSet enabled = shared_.setup.enabled;
  bool is_known = known_->visits > 1 && known_->recalled;
  if (!is_known && !judgement_.is_refused()) {
    if (const auto found = shared_.cache.find(shared_.clients.key(client_), enabled, now)) {
      known_->passes = *found;
      is_known = true;
    }
    known_->recalled = true;
    shared_.counters.add(is_known ? Count::cache_found : Count::cache_not_found);
  }
  judgement_.begin(enabled, known_->passes, now);
  if (!is_known || judgement_.is_refused() || !judgement_.to_do().empty()) return false;
  log_line("PASS OLD");
  shared_.counters.add(Count::pass_old);
  return true;
}

net::Task<bool> Visit::is_vetoed() {
  const std::string address = server_.text();
  const auto listed = co_await shared_.setup.interfaces.matches(address);
  if (!listed) log_warning(listed.error().text);
  co_return !listed || !*listed;
}

void Visit::veto() {
  judgement_.veto();
  log_line(concat(shared_.setup.allow_word, "LIST VETO"));
  say_old_words();
  shared_.counters.add(Count::allowlist_veto);
}

// The end of all tests of ours: what was passed is kept.
void Visit::conclude() {
  shared_.counters.add(Count::decisions);
  const auto time = std::chrono::duration_cast<milliseconds>(shared_.loop.now() - began_);
  shared_.counters.add(Count::decision_milliseconds, static_cast<std::uint64_t>(time.count()));
  keep_results(shared_, client_, known_, judgement_, judgement_.passed());
}

void Visit::begin(Phase phase) {
  phase_ = phase;
  phase_began_ = shared_.loop.now();
}

void Visit::hung_up() {
  gone_ = true;
  const bool before = phase_ == Phase::before_greeting;
  log_info(concat("HANGUP after ", since(phase_began_), " from ", client_.name(), " in tests ",
                  before ? "before" : "after", " SMTP handshake"));
  shared_.counters.add(before ? Count::hangups_before : Count::hangups_after);
  conclude();
  disconnect();
}

void Visit::disconnect() { log_line("DISCONNECT"); }

void Visit::log_line(std::string_view what) const { log_info(concat(what, " ", client_.name())); }

void Visit::say_old_words() {
  if (!shared_.setup.says_old_words || shared_.said_old_words) return;
  shared_.said_old_words = true;
  log_info(
      concat("using backwards-compatible default setting respectful_logging=no for client ", client_.name()));
}

std::string Visit::since(Instant begun) const {
  return format_delay(std::chrono::duration_cast<microseconds>(shared_.loop.now() - begun).count());
}

// A client that failed a test whose action is not ignore.
void Visit::offend() {
  if (offended_) return;
  offended_ = true;
  if (client_.is_inet) shared_.counters.offended(client_.address);
}

Action Visit::fail(Test test) {
  const Action action = shared_.setup.action(test);
  shared_.counters.add(screening::count_of(test, action));
  judgement_.fail(test, action);
  if (action != Action::ignore) offend();
  return action;
}

void Visit::leave_queue() {
  if (!std::exchange(counted_, false)) return;
  shared_.load.ended();
  change_stress();
}

void Visit::change_stress() {
  const Load::Change change = shared_.load.change();
  if (change == Load::Change::none) return;
  const bool entered = change == Load::Change::entered;
  log_info(
      concat(entered ? "entering" : "leaving", " STRESS mode with ", shared_.load.in_hand(), " connections"));
  if (entered) shared_.counters.add(Count::stress_entered);
  if (shared_.stress_changed) shared_.stress_changed(entered);
}

// With soft_bounce and a footer, if there are such.
net::Task<std::string> Visit::own_reply(std::string_view reply) {
  if (shared_.setup.plain_replies) co_return std::string(reply);
  const Link link{client_, server_};
  Talk talk(shared_, Fd(), link, Speech::dummy, {});
  Turn turn = talk.dialogue.ends_with(reply);
  if (shared_.setup.dialogue->footer_tables) {
    co_await add_footer(talk.dialogue, turn);
  }
  co_return std::string(turn.reply);
}

bool Visit::send_now(std::string_view text) {
  if (talk_ != nullptr && talk_->stream.is_encrypted()) {
    talk_->stream.put(text);
    talk_->stream.flush_now();
    return talk_->stream.pending_output() == 0;
  }
  return ::send(fd(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

net::Task<void> Visit::say_last(std::string_view reply) {
  conclude();
  const std::string text = co_await own_reply(reply);
  if (enters_tarpit()) {
    co_await drip(text);
  } else {
    send_now(text);
  }
  disconnect();
}

// A client in the tarpit is nobody that others have to wait for.
bool Visit::enters_tarpit() {
  if (in_tarpit_ || !offended_) return in_tarpit_;
  const auto limit = static_cast<std::size_t>(*shared_.setup.params.tarpit_limit);
  if (shared_.setup.params.tarpit->count() == 0 || shared_.in_tarpit >= limit) return false;
  in_tarpit_ = true;
  tarpit_began_ = shared_.loop.now();
  ++shared_.in_tarpit;
  shared_.counters.add(Count::tarpitted);
  leave_queue();
  return true;
}

// False when the client has gone.
net::Task<bool> Visit::drip(std::string_view text) {
  net::Loop& loop = shared_.loop;
  const Instant begun = loop.now();
  const Duration whole = *shared_.setup.params.tarpit;
  const auto size = static_cast<Duration::rep>(text.size());
  for (Duration::rep i = 0; i < size; ++i) {
    co_await net::sleep_until(loop, begun + whole / size * (i + 1));
    const bool sent = send_now(text.substr(static_cast<std::size_t>(i), 1));
    if (!sent) co_return false;
  }
  co_return true;
}

}  // namespace postern::screen
