#include "lib/check/parse.h"

#include <functional>

#include "lib/base/text.h"
#include "lib/config/lines.h"

namespace postern::check {

namespace {

// Why an entry is malformed; nothing when it is not.
using Objection = std::function<std::optional<std::string>(std::string_view entry)>;

std::string first_word(std::string_view text) {
  const auto words = split_words(text, " \t\r\n=");
  return words.empty() ? std::string() : printable(words.front(), 100);
}

// The text with every malformed entry made a comment.
std::optional<std::string> without_malformed(std::string_view text, const std::string& path,
                                             const Objection& objection, std::vector<Finding>& findings) {
  auto lines = config::Lines::parse(std::string(text), path);
  if (!lines) {
    findings.push_back(located(Severity::error, path, lines.error().text));
    return std::nullopt;
  }
  std::vector<config::Change> changes;
  for (const auto& entry : lines->logical()) {
    const auto why = objection(entry.text);
    if (!why) continue;
    findings.push_back({Severity::error, path, entry.begin + 1, *why, first_word(entry.text)});
    changes.push_back({config::Change::Kind::comment_out, entry});
  }
  lines->apply(changes);
  return lines->text();
}

template <class File>
std::optional<File> parse(std::string_view text, const std::string& path, const Objection& objection,
                          std::vector<Finding>& findings) {
  auto file = File::parse(std::string(text), path);
  if (!file) {
    const auto rest = without_malformed(text, path, objection, findings);
    if (!rest) return std::nullopt;
    file = File::parse(*rest, path);
    if (!file) return std::nullopt;
  }
  for (const auto& warning : file->warnings()) {
    findings.push_back(located(Severity::warning, path, warning));
  }
  return std::move(*file);
}

template <class T>
std::optional<std::string> text_if_failed(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().text);
}

}  // namespace

std::optional<config::MainCf> parse_main(std::string_view text, const std::string& path,
                                         std::vector<Finding>& findings) {
  const auto objection = [](std::string_view entry) { return text_if_failed(config::split_setting(entry)); };
  return parse<config::MainCf>(text, path, objection, findings);
}

std::optional<config::MasterCf> parse_master(std::string_view text, const std::string& path,
                                             std::vector<Finding>& findings) {
  const auto objection = [](std::string_view entry) { return text_if_failed(config::parse_service(entry)); };
  return parse<config::MasterCf>(text, path, objection, findings);
}

}  // namespace postern::check
