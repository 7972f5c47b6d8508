#include "lib/daemon/ticket_keys.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::daemon {

namespace {

using net::TlsTicketKey;
using Since = std::int64_t;  // seconds of the clock that no one sets

constexpr std::size_t kKeySize = sizeof(TlsTicketKey);
static_assert(kKeySize == 80 && sizeof(Since) + kMostTicketKeys * kKeySize <= 1024);

Since now() {
  return std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void forget(std::string& text) { ::explicit_bzero(text.data(), text.size()); }

// Neither in a core dump nor, where the limits allow it, on a disk for swapping.
void keep_in_memory(const Mapping& memory) {
  ::madvise(memory.at(0), sizeof(TicketMemory), MADV_DONTDUMP);
  static_cast<void>(::mlock(memory.at(0), sizeof(TicketMemory)));
}

Result<Mapping> map_tickets(int fd, Mapping::Access access) {
  struct stat found {};
  if (::fstat(fd, &found) != 0 || static_cast<std::size_t>(found.st_size) != sizeof(TicketMemory)) {
    return fail(Errc::invalid, "the keys of session tickets are of another layout");
  }
  auto memory = Mapping::map(fd, 0, sizeof(TicketMemory), access);
  if (memory) keep_in_memory(*memory);
  return memory;
}

Since newest(std::string_view text) {
  Since since = 0;
  std::memcpy(&since, text.data(), sizeof since);
  return since;
}

}  // namespace

Result<TicketRing> TicketRing::create() {
  TicketRing ring;
  ring.fd_ = Fd(::memfd_create("postern-tickets", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!ring.fd_ || ::ftruncate(ring.fd_.get(), sizeof(TicketMemory)) != 0 ||
      ::fcntl(ring.fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail_errno("make memory for keys of session tickets", errno);
  }
  auto memory = map_tickets(ring.fd_.get(), Mapping::Access::write);
  if (!memory) return fail(memory.error());
  ring.memory_ = std::move(*memory);
  auto added = ring.add_key();
  if (!added) return fail(added.error());
  return ring;
}

Result<TicketRing> TicketRing::resume(Fd memory) {
  TicketRing ring;
  ring.fd_ = std::move(memory);
  auto mapped = map_tickets(ring.fd_.get(), Mapping::Access::write);
  if (!mapped) return fail(mapped.error());
  ring.memory_ = std::move(*mapped);
  if (!ring.keys()) return fail(Errc::invalid, "no keys of session tickets");
  return ring;
}

Result<Fd> TicketRing::to_read() const {
  Fd copy(::open(concat("/proc/self/fd/", fd_.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!copy) return fail_errno("open the keys of session tickets", errno);
  return copy;
}

void TicketRing::renew(seconds lifetime) {
  auto text = keys();
  const bool due = !text || newest(*text) + lifetime.count() <= now();
  if (text) forget(*text);
  if (!due) return;
  if (auto added = add_key(); !added) log_warning(added.error().text);
}

// When it was made, and the keys.
std::optional<std::string> TicketRing::keys() const {
  auto text = memory().text.read();
  if (!text || text->size() < sizeof(Since) + kKeySize) return std::nullopt;
  return text;
}

Result<void> TicketRing::add_key() {
  TlsTicketKey key;
  if (::getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
    return fail_errno("make a key of session tickets", errno);
  }
  const Since since = now();
  std::string text(reinterpret_cast<const char*>(&since), sizeof since);
  text.append(reinterpret_cast<const char*>(&key), sizeof key);
  if (auto before = keys()) {
    text.append(*before, sizeof since, (kMostTicketKeys - 1) * kKeySize);
    forget(*before);
  }
  memory().text.write(text);
  forget(text);
  ::explicit_bzero(&key, sizeof key);
  return {};
}

TicketMemory& TicketRing::memory() const { return *reinterpret_cast<TicketMemory*>(memory_.at(0)); }

Result<std::unique_ptr<SharedTicketKeys>> SharedTicketKeys::open(int fd) {
  auto keys = std::make_unique<SharedTicketKeys>();
  auto mapped = map_tickets(fd, Mapping::Access::read);
  if (!mapped) return fail(mapped.error());
  keys->memory_ = std::move(*mapped);
  if (!keys->read()) return fail(Errc::invalid, "no keys of session tickets");
  return keys;
}

// While master writes, those from before will do.
std::vector<TlsTicketKey> SharedTicketKeys::current() {
  const std::lock_guard lock(mutex_);
  if (memory().text.head.changes.load(std::memory_order_acquire) != seen_) read();
  return keys_;
}

bool SharedTicketKeys::read() {
  const std::uint32_t before = memory().text.head.changes.load(std::memory_order_acquire);
  auto text = memory().text.read();
  if (!text || text->size() < sizeof(Since) + kKeySize) return false;
  for (TlsTicketKey& key : keys_) ::explicit_bzero(&key, sizeof key);
  keys_.resize((text->size() - sizeof(Since)) / kKeySize);
  std::memcpy(keys_.data(), text->data() + sizeof(Since), keys_.size() * kKeySize);
  forget(*text);
  seen_ = before;
  return true;
}

const TicketMemory& SharedTicketKeys::memory() const {
  return *reinterpret_cast<const TicketMemory*>(memory_.at(0));
}

}  // namespace postern::daemon
