// Where OpenSSL has the large buffers of a connection. It takes 30 KiB of them for a handshake, fills most of that with zeros,
// and keeps it for as long as the peer takes its time. Here each lies in pages of its own: what nobody wrote to costs nothing,
// and what holds nothing but zeros can be given back to the system meanwhile.
#pragma once

namespace postern::net {

class TlsMemory {
 public:
  TlsMemory() = default;
  ~TlsMemory();
  TlsMemory(const TlsMemory&) = delete;
  TlsMemory& operator=(const TlsMemory&) = delete;

  // For as long as this lives, the large blocks that OpenSSL takes in this thread are a connection's. They go back when
  // OpenSSL frees them, in whichever thread that is.
  class Use {
   public:
    explicit Use(TlsMemory& memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    TlsMemory* before_;
  };

  // Gives back the pages that hold nothing but zeros; they read as zeros again. Not while somebody uses the memory.
  void rest();

  struct Block;

 private:
  friend struct TlsAllocator;
  Block* first_ = nullptr;
};

}  // namespace postern::net
