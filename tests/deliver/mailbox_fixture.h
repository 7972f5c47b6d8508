// A writer with its loop, and questions about what it wrote.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "deliver/common/content.h"
#include "deliver/common/mailbox_writer.h"
#include "lib/net/scope.h"
#include "tests/deliver/wait_until.h"
#include "tests/lib/base/temporary_directory.h"

namespace postern::deliver {

inline LockRules quick_locks() {
  LockRules rules;
  rules.attempts = 1;
  return rules;
}

class WriterFixture {
 public:
  explicit WriterFixture(LockRules rules = quick_locks())
      : writer(loop, "mx.example.com", rules), scope(loop) {}

  MailboxDelivery delivery(const std::string& path,
                           const std::string& content = "Subject: x\n\nbody\n") const {
    ipc::Deliver message;
    message.sender = "sender@example.org";
    message.content = content;
    MailboxDelivery made;
    made.message = std::make_shared<const ipc::Deliver>(std::move(message));
    made.head = "Delivered-To: ann@example.com\n";
    made.path = path;
    made.user = "ann";
    made.owner = {::geteuid(), ::getegid()};
    return made;
  }

  // "sent 2.0.0 text"
  std::string deliver(MailboxDelivery what) {
    std::string result;
    scope.spawn(into(std::move(what), result));
    wait_until(loop, [&] { return !result.empty(); });
    return result;
  }
  net::Task<void> into(MailboxDelivery what, std::string& result) {
    auto outcome = co_await writer.deliver(std::move(what));
    static constexpr std::string_view kWords[] = {"sent ", "deferred ", "bounced "};
    result = std::string(kWords[static_cast<int>(outcome.status)]) + outcome.dsn + " " + outcome.text;
  }

  static std::vector<std::string> files(const std::string& path) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path)) found.push_back(entry.path());
    return found;
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const TemporaryDirectory directory;
  net::Loop loop;
  MailboxWriter writer;
  net::Scope scope;
};

}  // namespace postern::deliver
