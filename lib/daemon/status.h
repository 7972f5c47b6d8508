// The child's end of the status channel.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/daemon/contract.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace postern::daemon {

class StatusChannel {
 public:
  StatusChannel() = default;
  // Takes the descriptor; one that is not a socket (a child that was started by hand) makes a channel without
  // master.
  StatusChannel(int fd, std::uint32_t generation);

  // Tells master, if the state is another than the one told before.
  void report(State state);
  // Leaving, and why.
  void last_words(std::string_view text);

  enum class End { reload, master_gone };
  // What master says in the meantime is given to `heard`, each message by itself.
  using Heard = std::function<void(std::string_view)>;
  // Waits until master closes the channel. Never ends without a master.
  net::Task<End> ended(net::Loop& loop, Heard heard);

 private:
  void send(State state, std::string_view text);
  Fd fd_;
  std::uint32_t generation_ = 0;
  State told_ = State::starting;
};

}  // namespace postern::daemon
