#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "lib/base/text.h"
#include "lib/table/expression.h"

namespace postern::table {

namespace {

constexpr std::uint32_t kMostSteps = 1'000'000;
constexpr std::uint32_t kDeepest = 10'000;
constexpr std::uint32_t kMostKibibytes = 16 * 1024;

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

std::string text_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR bytes_of(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
}

class Pcre : public Expression {
 public:
  explicit Pcre(pcre2_code* code)
      : code_(code),
        data_(pcre2_match_data_create_from_pattern(code, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups_);
    pcre2_set_match_limit(context_.get(), kMostSteps);
    pcre2_set_depth_limit(context_.get(), kDeepest);
    pcre2_set_heap_limit(context_.get(), kMostKibibytes);
  }

  Result<bool> match(std::string_view subject, Captures& captures) const override {
    const int count =
        pcre2_match(code_.get(), bytes_of(subject), subject.size(), 0, 0, data_.get(), context_.get());
    if (count == PCRE2_ERROR_NOMATCH) return false;
    if (count < 0) return fail(Errc::busy, text_of(count));
    const PCRE2_SIZE* places = pcre2_get_ovector_pointer(data_.get());
    captures.assign(groups_ + 1, {});
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) && i <= groups_; ++i) {
      const auto from = places[2 * i], to = places[2 * i + 1];
      if (from != PCRE2_UNSET && from <= to) captures[i] = subject.substr(from, to - from);
    }
    return true;
  }

  std::size_t groups() const override { return groups_; }

 private:
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> data_;
  std::unique_ptr<pcre2_match_context, Free> context_;
  std::uint32_t groups_ = 0;
};

Result<std::uint32_t> flags_of(std::string_view options) {
  std::uint32_t flags = PCRE2_CASELESS | PCRE2_DOTALL;
  for (const char option : options) {
    switch (option) {
      case 'i': flags ^= PCRE2_CASELESS; break;
      case 'm': flags ^= PCRE2_MULTILINE; break;
      case 's': flags ^= PCRE2_DOTALL; break;
      case 'x': flags ^= PCRE2_EXTENDED; break;
      case 'A': flags ^= PCRE2_ANCHORED; break;
      case 'E': flags ^= PCRE2_DOLLAR_ENDONLY; break;
      case 'U': flags ^= PCRE2_UNGREEDY; break;
      case 'X': break;  // PCRE2 has no such option any more: it is always so
      default: return fail(Errc::invalid, concat("unknown PCRE option \"", option, '"'));
    }
  }
  return flags;
}

}  // namespace

Result<std::unique_ptr<Expression>> compile_pcre(const std::string& pattern, std::string_view options) {
  auto flags = flags_of(options);
  if (!flags) return fail(flags.error());
  if (is_utf8(pattern)) *flags |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code = pcre2_compile(bytes_of(pattern), pattern.size(), *flags, &error, &at, nullptr);
  if (code == nullptr) {
    return fail(Errc::invalid,
                concat("error in regex at offset ", static_cast<std::size_t>(at), ": ", text_of(error)));
  }
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // without it, matching is only slower
  return std::make_unique<Pcre>(code);
}

}  // namespace postern::table
