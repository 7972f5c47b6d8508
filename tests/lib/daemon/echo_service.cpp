// A service for tests: answers each line with what it is asked about itself.
//   who: its process id   stress: the value of that parameter   fd: what it may open   crash: dies   stop: hangs for good   anything else: the line
//   again
// With -o echo_fails=TEXT it fails at its start; with -o echo_reads=datagrams it counts them instead of lines; a
// service whose name begins with "courier" acts for users, so that it stays root.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "lib/base/text.h"
#include "lib/daemon/service.h"
#include "lib/net/readiness.h"
#include "lib/net/scope.h"
#include "lib/net/stream.h"

using namespace postern;

namespace {

class Echo : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override {
    context_ = &context;
    if (auto text = context.settings().raw("echo_fails")) return fail(Errc::invalid, *text);
    word_ = context.settings().raw("echo_word").value_or("");
    lines_ = context.counter("lines");
    wakeups_ = context.counter("wakeups");
    if (context.settings().raw("echo_reads") == "datagrams") sockets_ = context.take_listeners();
    return {};
  }
  void started() override {
    for (const Fd& socket : sockets_) reading_.emplace(context_->loop()).spawn(count(socket.get()));
  }
  void wakeup() override { wakeups_.add(); }

  net::Task<void> serve(net::Accepted connection) override {
    net::Stream stream(context_->loop(), std::move(connection.fd));
    for (;;) {
      auto line = co_await stream.read_line(1000, Deadline::max());
      if (!line) co_return;
      const std::string reply = answer(line->text);
      auto written = co_await stream.write(reply, context_->loop().in(seconds(10)));
      if (!written) co_return;
    }
  }

 private:
  net::Task<void> count(int socket) {
    net::Readiness readiness(context_->loop(), socket);
    for (char byte = 0;;) {
      if (::recv(socket, &byte, 1, MSG_DONTWAIT) >= 0) {
        lines_.add();
        continue;
      }
      const bool came = co_await readiness.readable(Deadline::max());
      if (!came) continue;
    }
  }
  std::string answer(std::string_view line) {
    lines_.add();
    if (line == "who") return concat(::getpid(), "\n");
    if (line == "stress") return concat(context_->settings().value("stress").value_or("?"), "\n");
    if (line == "word") return concat(word_, "\n");
    if (line == "generation") return concat(context_->generation(), "\n");
    if (line == "open") return concat(::open("/etc/passwd", O_RDONLY) < 0 ? "refused" : "opened", "\n");
    if (line == "user") return concat(::geteuid(), "\n");
    if (line == "crash") ::raise(SIGKILL);
    return concat(line, "\n");
  }
  daemon::Context* context_ = nullptr;
  std::string word_;
  daemon::Counter lines_, wakeups_;
  std::vector<Fd> sockets_;
  std::optional<net::Scope> reading_;
};

}  // namespace

int main(int argc, char** argv) {
  daemon::Program program{.name = "echo", .wakeups = true};
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with("courier")) program.rights.identities = true;
  }
  return daemon::run(argc, argv, program, [] { return std::make_unique<Echo>(); });
}
