#include "queue/bounce/original.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "lib/mail/header.h"
#include "queue/bounce/fields.h"

namespace postern::bounce {

std::string_view header_of(const ipc::Notify& question) {
  const mail::HeaderFacts facts = mail::header_facts(question.content);
  return std::string_view(question.content).substr(0, facts.header_size);
}

std::int64_t size_of(const ipc::Notify& question) {
  const auto here = static_cast<std::int64_t>(question.content.size());
  if (question.spool && question.size <= here) return std::numeric_limits<std::int64_t>::max();
  return std::max(here, question.size);
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
