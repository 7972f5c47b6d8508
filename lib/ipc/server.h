// The answering side: a table of message types and what is done with each. The table is the whole of what a
// peer can ask of a service.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "lib/ipc/connection.h"
#include "lib/net/scope.h"

namespace postern::ipc {

class Farewell;

class Handlers {
 public:
  // A question with an answer. The function makes a task for each question; they run side by side.
  template <class C>
  void on(std::function<net::Task<typename C::Answer>(typename C::Question)> function) {
    table_.emplace(C::Question::name,
                   [function = std::move(function)](Connection& connection, net::Scope& scope, Frame frame) {
                     const std::uint64_t id = frame.id;
                     auto question = decode_message<typename C::Question>(std::move(frame));
                     if (!question) return Result<void>(fail(question.error()));
                     scope.spawn(answer<C>(connection, function(std::move(*question)), id));
                     return Result<void>();
                   });
  }

  // For a peer that is not trusted: how many of its questions are worked on at a time, and how many bytes of answers
  // wait for it before the next one is read.
  void bound(std::size_t questions, std::size_t unread) {
    most_at_once_ = questions;
    most_unread_ = unread;
  }

  // A message without an answer.
  template <class Message>
  void on_tell(std::function<void(Message)> function) {
    table_.emplace(Message::name, [function = std::move(function)](Connection&, net::Scope&, Frame frame) {
      auto message = decode_message<Message>(std::move(frame));
      if (!message) return Result<void>(fail(message.error()));
      function(std::move(*message));
      return Result<void>();
    });
  }

 private:
  friend net::Task<void> serve(net::Loop& loop, Fd fd, const Handlers& handlers, Farewell* farewell);
  using Entry = std::function<Result<void>(Connection&, net::Scope&, Frame)>;

  template <class C>
  static net::Task<void> answer(Connection& connection, net::Task<typename C::Answer> work,
                                std::uint64_t id) {
    auto result = co_await std::move(work);
    connection.send(result, id);
  }

  std::map<std::string, Entry, std::less<>> table_;
  std::size_t most_at_once_ = 4096;
  std::size_t most_unread_ = 64u << 20;
};

// How a process that is to leave gets rid of its peers without losing a question: it tells all that are connected, and
// each closes its connection when what it has asked is answered.
class Farewell {
 public:
  Farewell() = default;
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  // To all peers, and to those that still come.
  void say();

 private:
  friend class Guest;
  std::set<Connection*> guests_;
  bool said_ = false;
};

// Serves one accepted connection until the peer leaves it. Questions of a peer that has left are dropped
// where they stand, and those whose deadline has passed when they are read are not begun. A peer that does not keep to
// the protocol is logged and left. At most 4,096 questions of
// one connection are worked on at a time, unless the table says otherwise; more wait unread.
// `farewell`, when there is one, outlives the task.
net::Task<void> serve(net::Loop& loop, Fd fd, const Handlers& handlers, Farewell* farewell = nullptr);

}  // namespace postern::ipc
