#include "deliver/local/step.h"

#include "lib/base/text.h"
#include "lib/config/expand.h"

namespace postern::deliver {

namespace {

std::optional<std::string> given(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(std::string(text));
}

std::optional<std::string> raw_macro(const Step& step, const LocalSettings& settings, std::string_view name) {
  if (name == "user") return given(step.user);
  if (name == "home") return step.rights ? given(step.rights->home) : std::nullopt;
  if (name == "shell") return step.rights ? given(step.rights->shell) : std::nullopt;
  if (name == "recipient") return given(step.address);
  if (name == "extension") return given(step.extension);
  if (name == "domain") return given(step.domain);
  if (name == "local") return given(step.local);
  if (name == "recipient_delimiter") {
    // The one that the address has, when there are several to choose from.
    const bool has = step.local.size() > step.user.size();
    return given(has ? step.local.substr(step.user.size(), 1) : settings.delimiter.substr(0, 1));
  }
  return std::nullopt;
}

// So that it stands for itself where values are expanded again.
std::string verbatim(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

}  // namespace

std::string filtered(std::string_view text, std::string_view filter) {
  std::string out(text);
  for (char& c : out) {
    if (!filter.empty() && filter.find(c) == filter.npos) c = '_';
  }
  return out;
}

std::optional<std::string> local_macro(const Step& step, const LocalSettings& settings, std::string_view name,
                                       std::string_view filter) {
  auto value = raw_macro(step, settings, name);
  if (value) *value = filtered(*value, filter);
  return value;
}

Result<Expanded> expand_local(std::string_view text, const Step& step, const LocalSettings& settings,
                              std::string_view filter) {
  Expanded result;
  auto expanded = config::expand(
      text,
      [&](std::string_view name) -> Result<std::optional<std::string>> {
        auto value = local_macro(step, settings, name, filter);
        if (value && name == "extension") result.has_extension = true;
        if (value) *value = verbatim(*value);
        return value;
      },
      config::Undefined::fails);
  if (!expanded && expanded.error().kind == Errc::not_found) {
    result.complete = false;
    return result;
  }
  if (!expanded) return fail(expanded.error());
  result.text = std::move(*expanded);
  return result;
}

bool wants_success(std::string_view notify) {
  for (const auto word : split_words(notify, ", ")) {
    if (iequals(word, "SUCCESS")) return true;
  }
  return false;
}

std::string without_success(std::string_view notify) {
  if (!wants_success(notify)) return std::string(notify);
  std::string rest;
  for (const auto word : split_words(notify, ", ")) {
    if (iequals(word, "SUCCESS")) continue;
    if (!rest.empty()) rest += ',';
    rest += word;
  }
  return rest.empty() ? "NEVER" : rest;
}

}  // namespace postern::deliver
