#include <regex.h>

#include <array>

#include "lib/base/text.h"
#include "lib/table/expression.h"

namespace postern::table {

namespace {

class Posix : public Expression {
 public:
  Posix() = default;
  ~Posix() override {
    if (compiled_) ::regfree(&regex_);
  }
  Posix(const Posix&) = delete;
  Posix& operator=(const Posix&) = delete;

  Result<void> compile(const std::string& pattern, int flags) {
    const int error = ::regcomp(&regex_, pattern.c_str(), flags);
    compiled_ = error == 0;
    if (compiled_) return {};
    std::array<char, 256> text{};
    ::regerror(error, &regex_, text.data(), text.size());
    return fail(Errc::invalid, text.data());
  }

  Result<bool> match(std::string_view subject, Captures& captures) const override {
    places_.resize(regex_.re_nsub + 1);
    places_[0].rm_so = 0;
    places_[0].rm_eo = static_cast<regoff_t>(subject.size());
    const char* text = subject.data() == nullptr ? "" : subject.data();
    const int error = ::regexec(&regex_, text, places_.size(), places_.data(), REG_STARTEND);
    if (error == REG_NOMATCH) return false;
    if (error != 0) return fail(Errc::busy, "the matcher of regular expressions gave up");
    captures.clear();
    for (const auto& place : places_) {
      const bool took_part = place.rm_so >= 0;
      captures.push_back(took_part ? subject.substr(static_cast<std::size_t>(place.rm_so),
                                                    static_cast<std::size_t>(place.rm_eo - place.rm_so))
                                   : std::string_view());
    }
    return true;
  }

  std::size_t groups() const override { return regex_.re_nsub; }

 private:
  regex_t regex_{};
  bool compiled_ = false;
  mutable std::vector<regmatch_t> places_;
};

}  // namespace

Result<std::unique_ptr<Expression>> compile_posix(const std::string& pattern, std::string_view options) {
  int flags = REG_EXTENDED | REG_ICASE;
  for (const char option : options) {
    switch (option) {
      case 'i': flags ^= REG_ICASE; break;
      case 'x': flags ^= REG_EXTENDED; break;
      case 'm': flags ^= REG_NEWLINE; break;
      default: return fail(Errc::invalid, concat("unknown regexp option \"", option, '"'));
    }
  }
  auto expression = std::make_unique<Posix>();
  auto compiled = expression->compile(pattern, flags);
  if (!compiled) return fail(compiled.error());
  return expression;
}

}  // namespace postern::table
