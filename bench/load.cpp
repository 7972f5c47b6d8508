// An SMTP client that sends messages as fast as the server takes them, over many connections at a time, and
// prints what it saw as one JSON object; or one that opens connections and holds them idle.
//
//   bench_load port=2525 messages=2000 sessions=20 size=4096 to=user@discard.test first=1 keep=0 pipeline=0
//   bench_load port=2525 idle=2000
//
// Each message has a line "X-Bench-Id: N"; "%" in the address becomes N too. A reply may take `patience` seconds; after
// `seconds`, if that is not 0, no further message begins.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "bench/descriptors.h"
#include "bench/options.h"
#include "lib/base/text.h"
#include "lib/net/scope.h"
#include "lib/net/socket.h"
#include "lib/net/stream.h"

using namespace postern;

namespace {

constexpr std::size_t kLongestReply = 2000;
constexpr std::size_t kBlock = 65536;
constexpr std::string_view kEhlo = "EHLO load.test\r\n";

using bench::Options;

class Times {
 public:
  void add(Duration time) { all_.push_back(time); }
  double percentile(std::size_t percent) {
    if (all_.empty()) return 0;
    std::sort(all_.begin(), all_.end());
    return std::chrono::duration<double, std::milli>(all_[(all_.size() - 1) * percent / 100]).count();
  }

 private:
  std::vector<Duration> all_;
};

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), scope_(loop_) {
    while (body_.size() < kBlock)
      body_ += "Seventy-six octets of text and a line end, as mail programs fold it....\r\n";
  }

  int send() {
    const auto begun = loop_.now();
    if (options_["seconds"] > 0) last_call_ = begun + seconds(options_["seconds"]);
    for (std::int64_t i = 0; i < options_["sessions"]; ++i) scope_.spawn(sessions());
    while (scope_.size() > 0) loop_.turn(net::Loop::Wait::yes);
    report(std::chrono::duration<double>(loop_.now() - begun).count());
    return accepted_ == options_["messages"] ? EXIT_SUCCESS : EXIT_FAILURE;
  }

  // Says how many are held when all are, and holds them until a signal ends the process.
  void hold() {
    scope_.spawn(hold_all());
    loop_.run();
  }

 private:
  Duration patience() const { return seconds(options_["patience"]); }
  Deadline limit() const { return loop_.in(patience()); }
  bool more() const { return taken_ < options_["messages"] && loop_.now() < last_call_; }

  // One connection after the other, as long as there are messages.
  net::Task<void> sessions() {
    while (more()) {
      const auto begun = loop_.now();
      auto served = co_await session();
      if (served) {
        session_times_.add(loop_.now() - begun);
      } else {
        ++failures_[served.error().text];
      }
    }
  }

  net::Task<Result<void>> session() {
    const std::int64_t first = taken_++;
    const auto begun = loop_.now();
    auto endpoint = net::Endpoint::parse("127.0.0.1", static_cast<unsigned>(options_["port"]));
    auto fd = co_await net::connect_to(loop_, *endpoint, limit());
    if (!fd) co_return fail(fd.error());
    const int on = 1;
    ::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    net::Stream server(loop_, std::move(*fd));
    auto greeting = co_await expect(server, 220);
    if (!greeting) co_return greeting;
    greeting_times_.add(loop_.now() - begun);
    auto ready = co_await say(server, kEhlo, 250);
    if (!ready) co_return ready;
    auto sent = co_await message(server, first);
    while (sent && options_["keep"] != 0 && more()) {
      const std::int64_t next = taken_++;
      sent = co_await message(server, next);
    }
    if (!sent) co_return sent;
    co_return co_await say(server, "QUIT\r\n", 221);
  }

  net::Task<Result<void>> greet(net::Stream& server) {
    auto greeting = co_await expect(server, 220);
    if (!greeting) co_return greeting;
    co_return co_await say(server, kEhlo, 250);
  }

  net::Task<Result<void>> message(net::Stream& server, std::int64_t number) {
    const auto begun = loop_.now();
    const auto id = number + options_["first"];
    auto open = co_await envelope(server, id);
    if (!open) co_return open;
    auto written = co_await content(server, id);
    if (!written) co_return written;
    auto stored = co_await say(server, ".\r\n", 250);
    if (!stored) co_return stored;
    ++accepted_;
    message_times_.add(loop_.now() - begun);
    co_return stored;
  }

  net::Task<Result<void>> envelope(net::Stream& server, std::int64_t id) {
    std::string to = options_.to;
    if (const auto at = to.find('%'); at != std::string::npos) to.replace(at, 1, std::to_string(id));
    const std::pair<std::string, int> commands[] = {{"MAIL FROM:<sender@load.test>\r\n", 250},
                                                    {concat("RCPT TO:<", to, ">\r\n"), 250},
                                                    {"DATA\r\n", 354}};
    if (options_["pipeline"] != 0) {
      for (const auto& command : commands) server.put(command.first);
    }
    for (const auto& command : commands) {
      if (options_["pipeline"] == 0) server.put(command.first);
      auto answered = co_await expect(server, command.second);
      if (!answered) co_return answered;
    }
    co_return Result<void>();
  }

  net::Task<Result<void>> content(net::Stream& server, std::int64_t id) {
    const auto header = concat("From: <sender@load.test>\r\nSubject: message ", id,
                               "\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n", "Message-ID: <", id,
                               "@load.test>\r\nX-Bench-Id: ", id, "\r\n\r\n");
    server.put(header);
    auto left = std::max<std::int64_t>(options_["size"] - static_cast<std::int64_t>(header.size()), 0);
    while (left > 0) {
      const auto block = body_.substr(0, std::min<std::size_t>(body_.size(), static_cast<std::size_t>(left)));
      left -= static_cast<std::int64_t>(block.size());
      server.put(block);
      if (server.pending_output() < kBlock) continue;
      auto sent = co_await server.flush(limit());
      if (!sent) co_return sent;
    }
    if (options_["size"] > 0) server.put("\r\n");
    co_return Result<void>();
  }

  net::Task<Result<void>> say(net::Stream& server, std::string_view command, int code) {
    server.put(command);
    co_return co_await expect(server, code);
  }

  // One reply, all its lines.
  net::Task<Result<void>> expect(net::Stream& server, int code) {
    for (;;) {
      auto line = co_await server.read_line(kLongestReply, limit());
      if (!line) co_return fail(line.error());
      if (line->text.size() > 3 && line->text[3] == '-') continue;
      if (line->text.substr(0, 3) == std::to_string(code)) co_return Result<void>();
      co_return fail(Errc::invalid, printable(line->text, 200));
    }
  }

  net::Task<void> hold_all() {
    for (std::int64_t i = 0; i < options_["idle"]; ++i) scope_.spawn(hold_one());
    const auto enough = loop_.in(patience());
    while (held_ + refused_ < options_["idle"] && loop_.now() < enough) {
      co_await net::sleep_until(loop_, loop_.in(milliseconds(20)));
    }
    std::printf("{\"held\": %lld}\n", static_cast<long long>(held_));
    std::fflush(stdout);
  }

  net::Task<void> hold_one() {
    auto endpoint = net::Endpoint::parse("127.0.0.1", static_cast<unsigned>(options_["port"]));
    auto fd = co_await net::connect_to(loop_, *endpoint, limit());
    if (!fd) {
      ++refused_;
      co_return;
    }
    net::Stream server(loop_, std::move(*fd));
    auto ready = co_await greet(server);
    ++(ready ? held_ : refused_);
    if (ready) {
      (void)co_await server.read_line(kLongestReply, Deadline::max());
    }
  }

  void report(double elapsed) {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    std::printf(
        "{\"accepted\": %lld, \"seconds\": %.4f, \"cpu\": %.4f, \"message_ms\": %.3f, \"message_p99_ms\": "
        "%.3f, \"session_ms\": %.3f, \"tried\": %lld, \"greeting_ms\": [%.3f, %.3f, %.3f]}\n",
        static_cast<long long>(accepted_), elapsed, cpu, message_times_.percentile(50),
        message_times_.percentile(99), session_times_.percentile(50), static_cast<long long>(taken_),
        greeting_times_.percentile(50), greeting_times_.percentile(99), greeting_times_.percentile(100));
    for (const auto& [text, times] : failures_) std::fprintf(stderr, "%zu times: %s\n", times, text.c_str());
  }

  Options options_;
  net::Loop loop_;
  std::string body_;
  std::int64_t taken_ = 0;
  std::int64_t accepted_ = 0;
  std::int64_t held_ = 0;
  std::int64_t refused_ = 0;
  Deadline last_call_ = Deadline::max();
  Times message_times_, session_times_, greeting_times_;
  std::map<std::string, std::size_t> failures_;
  net::Scope scope_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.numbers = {{"port", 2525}, {"messages", 1000}, {"sessions", 20}, {"size", 4096},   {"first", 1},
                     {"keep", 0},    {"pipeline", 0},    {"idle", 0},      {"patience", 60}, {"seconds", 0}};
  const auto understood = options.read({argv + 1, argv + argc});
  if (!understood) {
    std::fprintf(stderr, "bench_load: %s\n", understood.error().text.c_str());
    return 2;
  }
  bench::allow_many_files();
  const bool idle = options["idle"] > 0;
  Load load(std::move(options));
  if (!idle) return load.send();
  load.hold();
}
