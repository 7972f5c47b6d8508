// The checks of content: header_checks, mime_header_checks, nested_header_checks, body_checks, and the characters that
// are refused or removed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/config/settings.h"
#include "lib/ipc/messages/submit.h"
#include "lib/mail/mime.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"
#include "lib/table/maps.h"

namespace postern::cleanup {

// What is wanted of a message as a whole.
struct Verdict {
  std::optional<ipc::Outcome> refusal;
  bool discard = false;  // take it and forget it
  bool hold = false;
  std::string filter;               // transport:nexthop; empty: as it was
  std::string redirect;             // the one recipient; empty: as they are
  std::vector<std::string> copies;  // more recipients
};

// The parts of a message that checks read and change.
struct Content {
  std::string received;     // our own field
  std::string text;         // from the first header field on …
  int spool = -1;           // … going on in this file; -1: that is all. It is read, and changed, in place
  std::int64_t growth = 0;  // by which the file has grown
};

class Inspection;

class Checks {
 public:
  // Reads the parameters and opens the tables. Fails with the first error, which names the parameter.
  static Result<std::unique_ptr<Checks>> open(const config::Settings& settings);
  // False: there is nothing to look for.
  bool any() const { return any_; }

  // What log lines say of the message, "from H[a]; from=<s> to=<r> proto=P helo=<h>".
  struct Told {
    std::string_view id, who;
  };
  // Looks at all of a message. Fails with io when the file cannot be read or written. Everything that is passed must
  // live until the task has ended.
  net::Task<Result<Verdict>> apply(net::Loop& loop, Content& content, const Told& told) const;

 private:
  friend class Inspection;
  struct Map {
    table::Maps maps;
    std::string_view name;
  };
  Checks() = default;
  Result<void> load(const config::Settings& settings);
  const Map* map_for(const mail::MimePiece& piece) const;
  bool look_into_bodies() const;
  net::Task<Result<void>> apply_to_spool(net::Loop& loop, Content& content, Inspection& inspection,
                                         mail::MimeReader& reader) const;

  std::array<Map, 4> maps_;  // by MimePiece::Kind
  mail::MimeLimits limits_;
  std::size_t body_limit_ = 0;
  std::string refused_, stripped_;  // characters
  bool any_ = false;
};

}  // namespace postern::cleanup
