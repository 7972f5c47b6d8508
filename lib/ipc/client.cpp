#include "lib/ipc/client.h"

#include "lib/base/text.h"
#include "lib/ipc/messages/leaving.h"

namespace postern::ipc {

Client::Link::~Link() {
  for (const auto& [id, answer] : answers) answer->link_ = nullptr;
}

void Client::Answer::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  link_->answers.emplace(id_, this);
  ++client_.waiting_;
  arm(deadline_);
}

void Client::Answer::forget() {
  if (link_ == nullptr) return;
  client_.waiting_ -= link_->answers.erase(id_);
  link_ = nullptr;
}

void Client::Answer::arrived(Result<Frame> result) {
  result_ = std::move(result);
  disarm();
  forget();
  client_.loop_.post(*this);
}

void Client::Answer::time_came() {
  result_ = fail(Errc::timeout, concat("no answer from ", client_.path_, " in time"));
  forget();
  waiter_.resume();
}

net::Task<Result<void>> Client::connect(Deadline deadline) {
  while (link_ == nullptr) {
    if (!connecting_) {
      connecting_ = true;
      scope_.spawn(run());
    }
    while (connecting_) {
      const bool changed = co_await changed_.wait(deadline);
      if (!changed) co_return fail(Errc::timeout, concat("no connection to ", path_, " in time"));
    }
    if (link_ == nullptr && why_not_) co_return fail(*why_not_);
  }
  co_return Result<void>();
}

void Client::connected(Link* link, Error why_not) {
  link_ = link;
  why_not_.reset();
  if (link == nullptr) why_not_ = std::move(why_not);
  connecting_ = false;
  changed_.notify();
}

net::Task<void> Client::run() {
  constexpr seconds kConnectLimit{10};
  auto endpoint = net::Endpoint::unix_path(path_);
  if (!endpoint) {
    connected(nullptr, endpoint.error());
    co_return;
  }
  auto fd = co_await net::connect_to(loop_, *endpoint, loop_.in(kConnectLimit));
  if (!fd) {
    connected(nullptr, fd.error());
    co_return;
  }
  Link link(loop_, std::move(*fd));
  connected(&link, {});
  const Error error = co_await receive_answers(link);
  if (link_ == &link) {
    link_ = nullptr;
    why_not_ = error;
  }
  while (!link.answers.empty()) link.answers.begin()->second->arrived(fail(error));
}

// Until the connection ends, or the service has said that it leaves and all that was asked of it is answered.
net::Task<Error> Client::receive_answers(Link& link) {
  for (;;) {
    auto frame = co_await link.connection.receive(Deadline::max());  // ends with the connection
    if (!frame)
      co_return Error{frame.error().kind, concat(path_, ": ", frame.error().text), frame.error().sys};
    const auto place = link.answers.find(frame->id);
    const bool leaves = frame->name == Leaving::name;
    if (leaves && link_ == &link) link_ = nullptr;
    // An answer to a question that was given up is of no use to anybody.
    if (!leaves && place != link.answers.end()) place->second->arrived(std::move(*frame));
    if (link_ != &link && link.answers.empty())
      co_return Error{Errc::lost, path_ + ": the service has left", 0};
  }
}

void Client::note(std::string_view question, Instant begun, const Error* error) const {
  const auto took = std::chrono::duration_cast<milliseconds>(loop_.now() - begun).count();
  log_info(concat("asked ", path_, ": ", question, " ", error == nullptr ? "answered" : "failed", " after ",
                  took, " ms", error == nullptr ? "" : ": ", error == nullptr ? "" : error->text));
}

}  // namespace postern::ipc
