#include "lib/ipc/client.h"

#include "lib/base/text.h"

namespace postern::ipc {

void Client::Answer::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  client_.answers_.emplace(id_, this);
  arm(deadline_);
}

void Client::Answer::arrived(Result<Frame> result) {
  result_ = std::move(result);
  disarm();
  client_.answers_.erase(id_);
  client_.loop_.post(*this);
}

void Client::Answer::time_came() {
  result_ = fail(Errc::timeout, concat("no answer from ", client_.path_, " in time"));
  client_.answers_.erase(id_);
  waiter_.resume();
}

net::Task<Result<void>> Client::connect(Deadline deadline) {
  if (connection_) co_return Result<void>();
  if (!connecting_) {
    connecting_ = true;
    scope_.spawn(run());
  }
  while (connecting_) {
    const bool changed = co_await changed_.wait(deadline);
    if (!changed) co_return fail(Errc::timeout, concat("no connection to ", path_, " in time"));
  }
  if (!connection_) co_return fail(why_not_);
  co_return Result<void>();
}

net::Task<void> Client::run() {
  constexpr seconds kConnectLimit{10};
  auto endpoint = net::Endpoint::unix_path(path_);
  if (!endpoint) {
    why_not_ = endpoint.error();
    connecting_ = false;
    changed_.notify();
    co_return;
  }
  auto fd = co_await net::connect_to(loop_, *endpoint, loop_.in(kConnectLimit));
  connecting_ = false;
  changed_.notify();
  if (!fd) {
    why_not_ = fd.error();
    co_return;
  }
  connection_ = std::make_unique<Connection>(loop_, std::move(*fd), Connection::Side::connected);
  const Error error = co_await receive_answers();
  connection_.reset();
  why_not_ = error;
  fail_all(error);
}

net::Task<Error> Client::receive_answers() {
  for (;;) {
    auto frame = co_await connection_->receive(Deadline::max());  // ends with the connection
    if (!frame)
      co_return Error{frame.error().kind, concat(path_, ": ", frame.error().text), frame.error().sys};
    const auto place = answers_.find(frame->id);
    // An answer to a question that was given up is of no use to anybody.
    if (place != answers_.end()) place->second->arrived(std::move(*frame));
  }
}

void Client::note(std::string_view question, Instant begun, const Error* error) const {
  const auto took = std::chrono::duration_cast<milliseconds>(loop_.now() - begun).count();
  log_info(concat("asked ", path_, ": ", question, " ", error == nullptr ? "answered" : "failed", " after ",
                  took, " ms", error == nullptr ? "" : ": ", error == nullptr ? "" : error->text));
}

void Client::fail_all(const Error& error) {
  while (!answers_.empty()) answers_.begin()->second->arrived(fail(error));
}

}  // namespace postern::ipc
