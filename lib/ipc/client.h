// The asking side: one connection to a service, made when it is first needed and again after it was lost,
// shared by all sessions of a process. Answers may come in any order.
#pragma once

#include <map>
#include <memory>
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
  // made; invalid when the answer is not of the declared shape.
  template <class C>
  net::Task<Result<typename C::Answer>> ask(const typename C::Question& question, Deadline deadline) {
    auto connected = co_await connect(deadline);
    if (!connected) co_return fail(connected.error());
    const std::uint64_t id = ++last_id_;
    const Instant begun = loop_.now();
    connection_->send(question, id);
    auto frame = co_await Answer(*this, id, deadline);
    if (log::is_verbose()) note(C::Question::name, begun, frame ? nullptr : &frame.error());
    if (!frame) co_return fail(frame.error());
    co_return decode_message<typename C::Answer>(std::move(*frame));
  }

  // Says something that needs no answer, if there is a connection; nothing otherwise.
  template <class Message>
  void tell(const Message& message) {
    if (connection_) connection_->send(message, 0);
  }

  // Makes the connection if there is none.
  net::Task<Result<void>> connect(Deadline deadline);
  bool is_connected() const { return connection_ != nullptr; }
  // Questions without an answer so far.
  std::size_t waiting() const { return answers_.size(); }

 private:
  class Answer : net::Posted, net::Timer {
   public:
    Answer(Client& client, std::uint64_t id, Deadline deadline)
        : Timer(client.loop_), client_(client), id_(id), deadline_(deadline) {}
    ~Answer() override { client_.answers_.erase(id_); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    Result<Frame> await_resume() { return std::move(result_); }

   private:
    friend class Client;
    void arrived(Result<Frame> result);
    void turn_came() override { waiter_.resume(); }
    void time_came() override;
    Client& client_;
    std::uint64_t id_;
    Deadline deadline_;
    std::coroutine_handle<> waiter_;
    Result<Frame> result_ = fail(Errc::timeout, "");
  };

  net::Task<void> run();
  net::Task<Error> receive_answers();
  void fail_all(const Error& error);
  // For somebody who looks for a fault: a question, how long it took, and what came of it.
  void note(std::string_view question, Instant begun, const Error* error) const;

  net::Loop& loop_;
  std::string path_;
  std::unique_ptr<Connection> connection_;
  bool connecting_ = false;
  Error why_not_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Answer*> answers_;
  net::Event changed_;
  net::Scope scope_;
};

}  // namespace postern::ipc
