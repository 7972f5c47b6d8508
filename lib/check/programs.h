// The programs that entries of master.cf name: which are there, which are part of another one here, and which cannot
// run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace postern::check {

// Who does the work of that program here: "trivial-rewrite" gives "a library of smtpd and qmgr". Nothing when
// the program is one of its own.
std::optional<std::string_view> folded_into(std::string_view program);

// True for the programs of Postfix: one of these that is not there is not (yet) part of this installation,
// any other is more likely a slip of the pen.
bool is_known_program(std::string_view program);

enum class Presence {
  ready,
  folded,         // part of another one: its service is not needed
  not_installed,  // of Postfix, but not of this installation: its service is not started
  faulty,         // neither: its service listens, and whoever comes has to wait until somebody mends it
};

struct Program {
  Presence presence = Presence::ready;
  std::string why = {};  // empty when it is ready
};

// The programs of one directory, each looked at once.
class Programs {
 public:
  explicit Programs(std::string directory) : directory_(std::move(directory)) {}
  const Program& find(const std::string& command);

 private:
  Program look_at(const std::string& command) const;

  std::string directory_;
  std::unordered_map<std::string, Program> known_;
};

// ": did you mean NAME?" for a program whose name is nearly one of these; or nothing.
std::string likely_program(std::string_view program);

}  // namespace postern::check
