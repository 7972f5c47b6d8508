#include "lib/check/finding.h"

#include <array>

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::check {

std::string_view name_of(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames{"note", "warning", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::string text_of(const Finding& finding) {
  if (finding.path.empty()) return finding.text;
  if (finding.line == 0) return concat(finding.path, ": ", finding.text);
  return concat(finding.path, ", line ", finding.line, ": ", finding.text);
}

std::string json_of(const Finding& finding) {
  JsonObject object;
  object.add("severity", name_of(finding.severity)).add("path", finding.path);
  object.add_number("line", static_cast<std::int64_t>(finding.line)).add("text", finding.text);
  return object.add("name", finding.name).text();
}

Finding located(Severity severity, const std::string& path, std::string_view text, std::string name) {
  Finding finding{severity, path, 0, std::string(text), std::move(name)};
  if (!text.starts_with(path)) return finding;
  std::string_view rest = text.substr(path.size());
  constexpr std::string_view kLine = ", line ";
  if (rest.starts_with(kLine)) {
    const auto end = rest.find(": ");
    if (end == rest.npos) return finding;
    const auto line = parse_number(rest.substr(kLine.size(), end - kLine.size()));
    if (!line) return finding;
    finding.line = static_cast<std::size_t>(*line);
    rest.remove_prefix(end);
  }
  if (rest.starts_with(": ")) finding.text = rest.substr(2);
  return finding;
}

}  // namespace postern::check
