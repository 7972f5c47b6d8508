#include "lib/ipc/server.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/messages/leaving.h"

namespace postern::ipc {

// A connection, as long as it may have to be told.
class Guest {
 public:
  Guest(Connection& connection, Farewell* farewell) : connection_(connection), farewell_(farewell) {
    if (farewell_ == nullptr) return;
    farewell_->guests_.insert(&connection_);
    if (farewell_->said_) connection_.send(Leaving(), 0);
  }
  ~Guest() {
    if (farewell_ != nullptr) farewell_->guests_.erase(&connection_);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 private:
  Connection& connection_;
  Farewell* farewell_;
};

void Farewell::say() {
  if (said_) return;
  said_ = true;
  for (Connection* guest : guests_) guest->send(Leaving(), 0);
}

net::Task<void> serve(net::Loop& loop, Fd fd, const Handlers& handlers, Farewell* farewell) {
  Connection connection(loop, std::move(fd), Connection::Side::accepted);
  const Guest guest(connection, farewell);
  net::Scope scope(loop);
  for (;;) {
    auto frame = co_await connection.receive(Deadline::max());  // ends with the connection
    if (!frame) {
      if (frame.error().kind != Errc::lost) log_warning(concat("request refused: ", frame.error().text));
      co_return;
    }
    const auto entry = handlers.table_.find(frame->name);
    if (entry == handlers.table_.end()) {
      log_warning(concat("request refused: unknown message \"", printable(frame->name, 40), "\""));
      co_return;
    }
    if (log::is_verbose()) log_info(concat("was asked ", frame->name, " by user ", connection.peer_user()));
    if (frame->until <= loop.now()) continue;  // we stood still; the asker has taken it for a failure
    auto taken = entry->second(connection, scope, std::move(*frame));
    if (!taken) {
      log_warning(concat("request refused: ", taken.error().text));
      co_return;
    }
    while (scope.size() >= handlers.most_at_once_ || connection.pending_output() > handlers.most_unread_) {
      co_await net::sleep_until(loop, loop.in(milliseconds(5)));
    }
  }
}

}  // namespace postern::ipc
