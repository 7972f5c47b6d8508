// The demonstration server: knows just enough SMTP to take a letter, and has the hole.
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/attacks/renegotiation/handshake.h"
#include "tests/attacks/renegotiation/openssl_channel.h"
#include "tests/attacks/renegotiation/story.h"

namespace attack {

namespace {

// The TLS of this server, of one kind or the other.
class ServerTls {
 public:
  explicit ServerTls(const Options& options) {
    if (options.own_tls) {
      keys_ = std::make_unique<ServerKeys>(server_keys(options.certificate));
      keys_->signals = options.signals;
    }
    if (!options.own_tls) context_ = careless_context(options.certificate);
  }

  std::unique_ptr<Channel> begin(Socket& socket, Records& records) const {
    if (context_) return std::make_unique<OpenSslChannel>(context_.get(), socket, true);
    take_hand(records, *keys_, "");
    auto made = std::make_unique<TlsChannel>(records);
    made->renegotiate = [&records, this](std::string first) {
      tell(kServer, "a client negotiates again, why not");
      take_hand(records, *keys_, std::move(first));
    };
    return made;
  }

 private:
  std::unique_ptr<ServerKeys> keys_;
  Context context_{nullptr, &SSL_CTX_free};
};

class Session {
 public:
  Session(Socket socket, const ServerTls& tls, const Options& options)
      : socket_(std::move(socket)), tls_(tls), options_(options) {}

  void run() {
    if (options_.wrapped) begin_tls();
    say("220 server.example ESMTP");
    while (open_) obey(channel().line());
  }

 private:
  Channel& channel() { return secure_ ? *secure_ : socket_; }

  void say(std::string_view line) {
    tell(kServer, line);
    channel().write(std::string(line) + "\r\n");
  }

  void begin_tls() { secure_ = tls_.begin(socket_, records_); }

  void obey(const std::string& line) {
    tell(kServer, "hears " + line);
    const std::string verb = line.substr(0, 4);
    if (verb == "EHLO") {
      recipients_.clear();
      const std::string end = secure_ ? "250 AUTH PLAIN" : "250 STARTTLS";
      channel().write("250-server.example\r\n250-CHUNKING\r\n" + end + "\r\n");
      if (secure_ && options_.own_tls && options_.asks) ask_for_hello(records_);
    } else if (verb == "STAR") {
      say("220 go ahead");
      begin_tls();
    } else if (verb == "RCPT") {
      recipients_.push_back(line);
      say("250 recipient ok");
    } else if (verb == "DATA") {
      say("354 go ahead");
      take_letter();
    } else if (verb == "BDAT") {
      take_chunk(line);
    } else {
      open_ = verb != "QUIT";
      say(open_ ? verb == "AUTH" ? "235 welcome" : "250 ok" : "221 bye");
    }
  }

  void take_letter() {
    for (std::string line = channel().line(); line != "."; line = channel().line()) letter_ += line + "\n";
    keep();
    say("250 letter taken");
  }

  // "BDAT 17 LAST"
  void take_chunk(const std::string& line) {
    letter_ += channel().bytes(std::stoul(line.substr(5)));
    if (line.find(" LAST") != std::string::npos) keep();
    say("250 chunk taken");
  }

  void keep() {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    std::ofstream mailbox(options_.mailbox, std::ios::app);
    for (const auto& one : recipients_) mailbox << one << '\n';
    mailbox << letter_ << "-- end\n";
    letter_.clear();
    recipients_.clear();
  }

  Socket socket_;
  const ServerTls& tls_;
  const Options& options_;
  Records records_{socket_};
  std::unique_ptr<Channel> secure_;
  std::vector<std::string> recipients_;
  std::string letter_;
  bool open_ = true;
};

}  // namespace

void serve(const Options& options) {
  const ServerTls tls(options);
  const Listener listener(options.listen);
  tell(kServer, "listens on " + std::to_string(listener.port()));
  for (;;) {
    auto session = std::make_shared<Session>(listener.accept(options.patience), tls, options);
    std::thread([session] {
      try {
        session->run();
      } catch (const std::exception& error) {
        tell(kServer, std::string("the session is over: ") + error.what());
      }
    }).detach();
  }
}

}  // namespace attack
