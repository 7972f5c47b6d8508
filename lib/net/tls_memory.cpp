#include "lib/net/tls_memory.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace postern::net {

struct TlsMemory::Block {
  char* begin = nullptr;
  std::size_t size = 0;
  TlsMemory* owner = nullptr;
  Block* next = nullptr;  // of the same owner, or of those that are free
};

namespace {

using Block = TlsMemory::Block;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kAtOnce = 64;  // blocks that the system is asked for
constexpr std::size_t kWarm = 32;    // free ones that keep their pages

// Blocks of one size, one behind the other.
class Shelf {
 public:
  constexpr Shelf(std::size_t size, std::size_t most) : size_(size), most_(most) {}

  std::size_t size() const { return size_; }
  std::size_t addresses() const { return size_ * most_; }
  std::size_t most() const { return most_; }
  void use(char* begin, Block* blocks) {
    begin_ = begin;
    blocks_ = blocks;
  }
  bool has(const char* place) const { return place >= begin_ && place < begin_ + addresses(); }
  Block& block_at(const char* place) const {
    return blocks_[static_cast<std::size_t>(place - begin_) / size_];
  }

  // null: there is none.
  Block* take() {
    if (warm_ != nullptr) --warm_count_;
    if (Block* free = warm_ != nullptr ? pop(warm_) : pop(cold_)) return free;
    if (used_ == ready_ && !grow()) return nullptr;
    Block& fresh = blocks_[used_];
    fresh.begin = begin_ + size_ * used_++;
    fresh.size = size_;
    return &fresh;
  }
  void put_back(Block& block) {
    const bool is_warm = warm_count_ < kWarm;
    if (is_warm) ++warm_count_;
    if (!is_warm) ::madvise(block.begin, size_, MADV_DONTNEED);
    Block*& list = is_warm ? warm_ : cold_;
    block.next = list;
    list = &block;
  }

 private:
  static Block* pop(Block*& list) {
    Block* first = list;
    if (first != nullptr) list = first->next;
    return first;
  }
  bool grow() {
    if (ready_ == most_) return false;
    if (::mprotect(begin_ + size_ * ready_, size_ * kAtOnce, PROT_READ | PROT_WRITE) != 0) return false;
    ready_ += kAtOnce;
    return true;
  }

  const std::size_t size_, most_;
  char* begin_ = nullptr;
  Block* blocks_ = nullptr;
  Block *warm_ = nullptr, *cold_ = nullptr;
  std::size_t warm_count_ = 0;
  std::size_t used_ = 0;   // blocks that were ever taken
  std::size_t ready_ = 0;  // that the system lets us have
};

// OpenSSL has one allocator for all of a process.
std::mutex mutex;
thread_local TlsMemory* user = nullptr;
// For the two halves of a buffered BIO; for records, and for the messages of a handshake.
constinit Shelf pages{kPage, 32768}, buffers{6 * kPage, 16384};
constexpr std::uintptr_t kNowhere = UINTPTR_MAX;
std::atomic<std::uintptr_t> region = kNowhere;  // where both are

void* addresses_for(std::size_t size, int protection) {
  void* begin = ::mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return begin == MAP_FAILED ? nullptr : begin;
}

// Only addresses: memory comes with use.
bool have_region() {
  if (region.load() != kNowhere) return true;
  const std::size_t size = pages.addresses() + buffers.addresses();
  auto* begin = static_cast<char*>(addresses_for(size, PROT_NONE));
  if (begin == nullptr) return false;
  const std::size_t table = sizeof(Block) * (pages.most() + buffers.most());
  auto* blocks = static_cast<Block*>(addresses_for(table, PROT_READ | PROT_WRITE));
  if (blocks == nullptr) {
    ::munmap(begin, size);
    return false;
  }
  ::madvise(begin, size, MADV_NOHUGEPAGE);
  pages.use(begin, blocks);
  buffers.use(begin + pages.addresses(), blocks + pages.most());
  region = reinterpret_cast<std::uintptr_t>(begin);
  return true;
}

bool is_ours(const void* place) {
  const auto at = reinterpret_cast<std::uintptr_t>(place);
  const auto begin = region.load(std::memory_order_relaxed);
  return at >= begin && at - begin < pages.addresses() + buffers.addresses();
}

Shelf& shelf_of(const char* place) { return pages.has(place) ? pages : buffers; }

bool is_zero(const char* page) { return *page == 0 && std::memcmp(page, page + 1, kPage - 1) == 0; }

void give_back_zeros(char* begin, char* end) {
  for (char* at = begin; at < end; at += kPage) {
    char* from = at;
    while (at < end && is_zero(at)) at += kPage;
    if (at > from) ::madvise(from, static_cast<std::size_t>(at - from), MADV_DONTNEED);
  }
}

}  // namespace

// A handshake takes thousands of small blocks: these are malloc's, with next to nothing in between.
struct TlsAllocator {
  [[gnu::noinline]] static void* take_block(std::size_t size) {
    const std::lock_guard lock(mutex);
    if (size > buffers.size() || !have_region()) return nullptr;
    Block* block = (size <= pages.size() ? pages : buffers).take();
    if (block == nullptr) return nullptr;
    block->owner = user;
    block->next = user->first_;
    user->first_ = block;
    return block->begin;
  }

  [[gnu::noinline]] static void put_back(const char* place) {
    const std::lock_guard lock(mutex);
    Shelf& shelf = shelf_of(place);
    Block& block = shelf.block_at(place);
    if (block.owner != nullptr) {
      Block** link = &block.owner->first_;
      while (*link != &block) link = &(*link)->next;
      *link = block.next;
    }
    shelf.put_back(block);
  }

  static void* take(std::size_t size, const char*, int) {
    if (size == 0) return nullptr;
    if (size >= kPage && user != nullptr) {
      if (void* block = take_block(size)) return block;
    }
    return std::malloc(size);
  }

  static void give_back(void* place, const char*, int) {
    if (is_ours(place)) return put_back(static_cast<char*>(place));
    std::free(place);
  }

  static void* take_again(void* place, std::size_t size, const char* file, int line) {
    if (place == nullptr) return take(size, file, line);
    if (size == 0) {
      give_back(place, file, line);
      return nullptr;
    }
    if (!is_ours(place)) return std::realloc(place, size);
    const std::size_t there = shelf_of(static_cast<char*>(place)).size();
    if (size <= there) return place;
    void* other = take(size, file, line);
    if (other == nullptr) return nullptr;
    std::memcpy(other, place, there);
    put_back(static_cast<char*>(place));
    return other;
  }

  // OpenSSL takes no other allocator once it has used one, so this is done before main().
  static inline const bool is_installed = CRYPTO_set_mem_functions(&take, &take_again, &give_back) == 1;
};

TlsMemory::Use::Use(TlsMemory& memory) : before_(user) { user = &memory; }

TlsMemory::Use::~Use() { user = before_; }

TlsMemory::~TlsMemory() {
  const std::lock_guard lock(mutex);
  for (Block* block = first_; block != nullptr; block = block->next) block->owner = nullptr;
}

void TlsMemory::rest() {
  const std::lock_guard lock(mutex);
  for (Block* block = first_; block != nullptr; block = block->next) {
    give_back_zeros(block->begin, block->begin + block->size);
  }
}

}  // namespace postern::net
