// The checks of one message, while they go on.
#pragma once

#include <string>
#include <string_view>

#include "queue/cleanup/action.h"
#include "queue/cleanup/checks.h"

namespace postern::cleanup {

class Inspection {
 public:
  Inspection(const Checks& checks, const Checks::Told& told) : checks_(checks), told_(told) {}

  // Judges a piece of content and appends what is left of it to `out`. False: the message is refused.
  net::Task<bool> take(const mail::MimePiece& piece, std::string& out);
  // Removes and refuses characters, before a text is taken apart. False: the message is refused.
  bool clean(std::string_view given, std::string& cleaned);
  // How often something in what was taken was changed.
  std::size_t changes() const { return changes_; }
  Verdict& verdict() { return verdict_; }

 private:
  struct Line {
    std::string_view context, text;  // "header" or "body"
    bool field;
  };
  bool act(const Action& action, const Line& line, const mail::MimePiece& piece, std::string& out);
  void put(std::string_view text, const mail::MimePiece& piece, std::string& out);
  bool refuse(int code, std::string_view reply);
  void log(std::string_view word, const Line& line, std::string_view text) const;

  const Checks& checks_;
  const Checks::Told& told_;
  Verdict verdict_;
  bool passed_ = false;  // no more checks
  std::size_t changes_ = 0;
};

}  // namespace postern::cleanup
