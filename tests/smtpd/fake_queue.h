// What smtpd sees of the queue: cleanup and qmgr as two sockets that answer as they are told and remember what
// they were asked.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <deque>
#include <map>
#include <vector>

#include "lib/ipc/messages/spool.h"
#include "lib/ipc/messages/submit.h"
#include "lib/ipc/server.h"
#include "lib/net/wait.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/lib/net/support.h"

namespace postern::smtpd::testing {

class FakeQueue {
 public:
  explicit FakeQueue(net::Loop& loop) : loop_(loop), scope_(loop) {
    handlers_.on<ipc::SubmitCall>([this](ipc::Submit submit) { return take(std::move(submit)); });
    handlers_.on<ipc::OpenSpoolCall>([this](ipc::OpenSpool wish) { return open_file(wish); });
    handlers_.on_tell<ipc::DropSpool>([this](ipc::DropSpool drop) { dropped.push_back(drop.queue_id); });
    listener_ = *net::listen_on(*net::Endpoint::unix_path(path()), 10);
    scope_.spawn(accept_all());
  }

  std::string path() const { return directory_.path("queue"); }
  // Nobody answers any more.
  void die() {
    scope_.cancel();
    listener_.reset();
  }

  std::vector<ipc::Submit> submitted;
  std::vector<std::int64_t> dropped;
  std::vector<std::int64_t> opened;
  ipc::Outcome outcome{250, "2.0.0", "Ok"};
  Duration delay{0};       // of the outcome
  std::string problem;     // with spool files
  std::string spool = "";  // a file to write to instead of one of ours

  // What was written for a queue id.
  std::string written(std::int64_t queue_id) const {
    const auto found = files_.find(queue_id);
    if (found == files_.end()) return {};
    std::string text(static_cast<std::size_t>(::lseek(found->second.get(), 0, SEEK_END)), '\0');
    REQUIRE(::pread(found->second.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  net::Task<ipc::Outcome> take(ipc::Submit submit) {
    submitted.push_back(std::move(submit));
    co_await net::sleep_until(loop_, loop_.in(delay));
    co_return outcome;
  }

  net::Task<ipc::SpoolOpened> open_file(ipc::OpenSpool wish) {
    opened.push_back(wish.queue_id);
    ipc::SpoolOpened answer;
    answer.problem = problem;
    if (!problem.empty()) co_return answer;
    Fd file(spool.empty() ? ::memfd_create("spool", MFD_CLOEXEC) : ::open(spool.c_str(), O_WRONLY));
    answer.file = Fd(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
    files_[wish.queue_id] = std::move(file);
    co_return answer;
  }

  net::Task<void> accept_all() {
    net::Readiness readiness(loop_, listener_.get());
    for (;;) {
      auto accepted = net::accept_from(listener_.get());
      if (accepted) {
        scope_.spawn(ipc::serve(loop_, std::move(accepted->fd), handlers_));
      } else {
        const bool ready = co_await readiness.readable(Deadline::max());
        if (!ready) co_return;
      }
    }
  }

  net::Loop& loop_;
  TemporaryDirectory directory_;
  Fd listener_;
  std::map<std::int64_t, Fd> files_;
  ipc::Handlers handlers_;
  net::Scope scope_;
};

}  // namespace postern::smtpd::testing
