#include "queue/bounce/original.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/mail/header.h"
#include "queue/bounce/fields.h"

namespace postern::bounce {

std::string_view header_of(const ipc::Notify& question) {
  const mail::HeaderFacts facts = mail::header_facts(question.content);
  return std::string_view(question.content).substr(0, facts.header_size);
}

Result<std::int64_t> size_of(const ipc::Notify& question) {
  auto size = static_cast<std::int64_t>(question.content.size());
  if (!question.spool) return size;
  struct stat status {};
  if (::fstat(question.spool.get(), &status) != 0) return fail_errno("look at a spool file", errno);
  return size + status.st_size;
}

Result<void> read_original(const ipc::Notify& question, Returned returned, const Take& take) {
  if (returned == Returned::header) return take(header_of(question));
  auto taken = take(question.content);
  if (!question.spool) return taken;
  std::array<char, 65536> block{};
  off_t at = 0;
  while (taken) {
    const ssize_t got = ::pread(question.spool.get(), block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read a spool file", errno);
    if (got == 0) break;
    at += got;
    taken = take(std::string_view(block.data(), static_cast<std::size_t>(got)));
  }
  return taken;
}

Result<bool> is_eight_bit(const ipc::Notify& question, Returned returned) {
  bool found = false;
  auto read = read_original(question, returned, [&found](std::string_view piece) -> Result<void> {
    found = found || !is_ascii(piece);
    return {};
  });
  if (!read) return fail(read.error());
  return found;
}

}  // namespace postern::bounce
