// The asking side: one connection to a service, made when it is first needed and again after it was lost,
// shared by all sessions of a process. Answers may come in any order. When the service says that it leaves, what was
// asked of it is waited for; what comes next goes over a new connection, to its successor.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/base/log.h"
#include "lib/ipc/connection.h"
#include "lib/net/scope.h"

namespace postern::ipc {

class Client {
 public:
  // The path of the service's socket, "private/bounce", from the current directory.
  Client(net::Loop& loop, std::string path)
      : loop_(loop), path_(std::move(path)), changed_(loop), scope_(loop) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Asks, and waits for the answer. Fails with timeout; lost when the connection broke before the answer (the
  // service may or may not have done what was asked); not_found, denied or io when no connection could be
  // made; invalid when the answer is not of the declared shape. A service that comes to a question when its deadline has
  // passed does nothing about it.
  template <class C>
  net::Task<Result<typename C::Answer>> ask(const typename C::Question& question, Deadline deadline) {
    auto connected = co_await connect(deadline);
    if (!connected) co_return fail(connected.error());
    const std::uint64_t id = ++last_id_;
    const Instant begun = loop_.now();
    Link& link = *link_;
    link.connection.send(question, id, deadline);
    auto frame = co_await Answer(*this, link, id, deadline);
    if (log::is_verbose()) note(C::Question::name, begun, frame ? nullptr : &frame.error());
    if (!frame) co_return fail(frame.error());
    co_return decode_message<typename C::Answer>(std::move(*frame));
  }

  // Says something that needs no answer, if there is a connection; nothing otherwise.
  template <class Message>
  void tell(const Message& message) {
    if (link_ != nullptr) link_->connection.send(message, 0);
  }

  // Makes the connection if there is none.
  net::Task<Result<void>> connect(Deadline deadline);
  bool is_connected() const { return link_ != nullptr; }
  // Questions without an answer so far.
  std::size_t waiting() const { return waiting_; }

 private:
  class Answer;
  // A connection, and the questions on it that wait. run() owns it.
  struct Link {
    Link(net::Loop& loop, Fd fd) : connection(loop, std::move(fd), Connection::Side::connected) {}
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    Connection connection;
    std::map<std::uint64_t, Answer*> answers;
  };

  class Answer : net::Posted, net::Timer {
   public:
    Answer(Client& client, Link& link, std::uint64_t id, Deadline deadline)
        : Timer(client.loop_), client_(client), link_(&link), id_(id), deadline_(deadline) {}
    ~Answer() override { forget(); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    Result<Frame> await_resume() { return std::move(result_); }

   private:
    friend class Client;
    void arrived(Result<Frame> result);
    void forget();
    void turn_came() override { waiter_.resume(); }
    void time_came() override;
    Client& client_;
    Link* link_;  // as long as it knows us
    std::uint64_t id_;
    Deadline deadline_;
    std::coroutine_handle<> waiter_;
    Result<Frame> result_ = fail(Errc::timeout, "");
  };

  net::Task<void> run();
  net::Task<Error> receive_answers(Link& link);
  void connected(Link* link, Error why_not);
  // For somebody who looks for a fault: a question, how long it took, and what came of it.
  void note(std::string_view question, Instant begun, const Error* error) const;

  net::Loop& loop_;
  std::string path_;
  Link* link_ = nullptr;  // over which the next question goes
  bool connecting_ = false;
  std::optional<Error> why_not_;  // the last connection failed
  std::uint64_t last_id_ = 0;
  std::size_t waiting_ = 0;
  net::Event changed_;
  net::Scope scope_;
};

}  // namespace postern::ipc
