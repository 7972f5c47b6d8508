// One side of a connection between services. Frames that are sent in one turn of the loop leave in one write.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "lib/ipc/frame.h"
#include "lib/net/readiness.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"

namespace postern::ipc {

class Connection : net::Posted {
 public:
  enum class Side { connected, accepted };
  // Of one frame, from its first byte to its last, on its way in or out: a peer that stops in the middle has failed.
  static constexpr seconds kFrameLimit{600};
  // Takes a connected, non-blocking UNIX socket.
  Connection(net::Loop& loop, Fd fd, Side side);

  // Queues a message; it is sent in this turn of the loop. The message's descriptor is duplicated. `until`: for a question,
  // when nobody waits for the answer any more.
  template <class Message>
  void send(const Message& message, std::uint64_t id, Deadline until = Deadline::max()) {
    if constexpr (requires { Message::descriptor; }) {
      if (message.*Message::descriptor)
        out_.emplace_back();  // descriptors leave with the first byte of a chunk
    }
    append_message(room().bytes, message, id, until);
    if constexpr (requires { Message::descriptor; }) attach(message.*Message::descriptor);
    if (!is_posted()) loop_.post(*this);
  }

  // The next frame. Fails with lost when the peer has gone, invalid or too_long when it speaks nonsense,
  // timeout: also, whatever the deadline, when a frame that has begun does not come to its end.
  net::Task<Result<Frame>> receive(Deadline deadline);

  std::size_t pending_output() const;
  // The user at the other end.
  int peer_user() const { return net::peer_user(fd_.get()); }

 private:
  struct Chunk {
    std::string bytes;
    std::size_t sent = 0;
    std::vector<Fd> descriptors;  // they leave with the first byte
  };
  Chunk& room();
  void break_off();
  void attach(const Fd& descriptor);
  void turn_came() override { transmit(); }
  void transmit();
  net::Task<void> wait_for_room();
  Result<bool> take_input();

  net::Loop& loop_;
  Fd fd_;
  net::Readiness readiness_;
  FrameReader reader_;
  std::deque<Chunk> out_;
  std::optional<net::Task<void>> flushing_;
  Deadline frame_due_ = Deadline::max();  // all of the frame that has begun to come
  Deadline chunk_due_ = Deadline::max();  // gone is the first chunk, when it had to wait
  unsigned full_reads_ = 0;               // that followed each other without a wait
  bool broken_ = false;
};

}  // namespace postern::ipc
