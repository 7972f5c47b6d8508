// Spool files: content that is too large to travel in a message between services. A file is named by its
// queue id in hex, is written by the receiving program, and belongs to a message of the queue as soon as that
// is committed. The descriptor that the receiving program gets is locked (flock, shared) until its last copy is closed:
// so that whoever finds the file sees whether somebody still writes it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/net/workers.h"
#include "queue/qmgr/trouble.h"

namespace postern::qmgr {

class Spools {
 public:
  // Files are made in `directory`; at least `reserve` bytes of the disk stay free. `trouble` outlives us.
  Spools(net::Loop& loop, std::string directory, std::int64_t reserve, Trouble& trouble)
      : directory_(std::move(directory)), reserve_(reserve), trouble_(trouble), workers_(loop, 4) {}

  // Looks at the files of which the queue knows nothing. Those that are still being written, through a process before
  // us, are ours from now on; the others are removed: what a crash left.
  Result<void> clean(const std::vector<std::int64_t>& known);
  // Another process takes over: what is being received goes on without us.
  void hand_over() { handed_over_ = true; }

  // A new file for a message that is being received. Fails with full (also when `size` more bytes would not
  // fit), exists, io. `owner` is the connection on which the message comes.
  Result<Fd> create(std::int64_t id, std::int64_t size, const void* owner);
  // Makes the file and its name durable, and takes it from its receiver: drop() has no effect any more. Fails
  // with not_found when there is no such open file, full or io.
  net::Task<Result<void>> claim(std::int64_t id);
  // The receiver gave up, or its message was not stored.
  void drop(std::int64_t id);
  // The connection has ended.
  void drop_all(const void* owner);

  // The file of a message in the queue, for reading.
  Result<Fd> open(std::int64_t id) const;
  // The message has left the queue.
  void remove(std::int64_t id) const;

 private:
  struct Receiving {
    Fd file;
    const void* owner;  // nullptr: it began through a process before us
  };
  void take_over(const std::string& name);
  void drop_abandoned();
  Result<Fd> make(std::int64_t id, std::int64_t size, const void* owner);
  std::string path(std::int64_t id) const;
  std::string directory_;
  std::int64_t reserve_;
  Trouble& trouble_;
  std::unordered_map<std::int64_t, Receiving> receiving_;
  bool handed_over_ = false;
  net::Workers workers_;
};

}  // namespace postern::qmgr
