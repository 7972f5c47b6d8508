// A service for tests: answers each line with what it is asked about itself.
//   who: its process id   stress: the value of that parameter   fd: what it may open   crash: dies   stop: hangs for good   anything else: the line
//   again
// With -o echo_fails=TEXT it fails at its start.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/daemon/service.h"
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
    return {};
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
};

}  // namespace

int main(int argc, char** argv) {
  return daemon::run(argc, argv, {.name = "echo", .wakeups = true}, [] { return std::make_unique<Echo>(); });
}
