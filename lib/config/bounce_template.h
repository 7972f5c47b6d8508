// The texts of delivery status notifications: the built-in ones, and the file that bounce_template_file names.
// The format is that of Postfix's bounce(5); docs/formats/bounce-template.md describes it.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/settings.h"

namespace postern::config {

enum class BounceKind { failure, delay, success, verify };
constexpr std::array kBounceKinds{BounceKind::failure, BounceKind::delay, BounceKind::success,
                                  BounceKind::verify};

// "failure", "delay", "success" or "verify".
std::string_view name_of(BounceKind kind);

// One notification. Headers are ASCII, without control characters but tabs, and are not expanded.
struct BounceTemplate {
  BounceKind kind = BounceKind::failure;
  std::string origin;  // the file that it is from, or kBuiltIn
  std::string charset, from, subject;
  std::string postmaster_subject;  // empty for success and verify, of which the postmaster gets no copy
  std::string text;                // lines, each with its LF; $names as written
};

constexpr std::string_view kBuiltIn = "[built-in]";
// The largest template file that is read.
constexpr std::size_t kLongestTemplateFile = 256u << 10;

// The template for a site that has none of its own.
BounceTemplate standard_template(BounceKind kind);

class BounceTemplates {
 public:
  // The built-in templates.
  BounceTemplates();

  // The templates of a file, and the built-in ones of the kinds that it does not have. A template that cannot
  // be used leaves the built-in one in place and a warning. `path` is for messages. Fails with invalid and
  // "PATH, line N: ..." on text that is no template, a bad end marker or a NUL byte, or with too_long.
  static Result<BounceTemplates> parse(std::string_view text, const std::string& path);
  // Also fails as read_file does. An empty path stands for the built-in templates.
  static Result<BounceTemplates> read(const std::string& path);

  const BounceTemplate& of(BounceKind kind) const { return all_[static_cast<std::size_t>(kind)]; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::array<BounceTemplate, kBounceKinds.size()> all_;
  std::vector<std::string> warnings_;
};

// "NAME = <<EOF", the text, "EOF", with another marker if the text has a line EOF. The text ends with LF.
std::string here_document(std::string_view name, std::string_view text);

// The template as it would stand in a file: parse reads it again as the same one.
std::string in_file_format(const BounceTemplate& shown);

// Takes what an administrator should know about a text that is used all the same.
using Warn = std::function<void(std::string_view text)>;

// The text with its $names expanded, a line at a time: parameters, and those times as numbers that the format
// has (delay_warning_time_hours and the like). Warns of times that come out as 0, or as 1000 and more. Fails,
// naming the origin and the line, on a name that is not defined (not_found), on malformed ones (invalid, after
// a warning that says why) and on too large a result; also as Settings::value does.
Result<std::string> expanded_text(const BounceTemplate& used, const Settings& settings, const Warn& warn);

}  // namespace postern::config
