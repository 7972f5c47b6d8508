#include "lib/config/main_cf.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::config {

namespace {

Result<void> check_setting(std::string_view name, std::string_view value) {
  if (name.empty()) return fail(Errc::invalid, "missing attribute name");
  const bool bad = name.front() == '#' || name.find('=') != name.npos || name.find('\0') != name.npos ||
                   std::any_of(name.begin(), name.end(), is_space);
  if (bad) return fail(Errc::invalid, concat("bad attribute name: \"", shown(name), "\""));
  if (value.find('\n') == value.npos && value.find('\0') == value.npos) return {};
  return fail(Errc::invalid, concat("line break or NUL byte in the value of \"", shown(name), "\""));
}

}  // namespace

Result<std::pair<std::string, std::string>> split_setting(std::string_view text) {
  text = trim(text);
  const auto stop = std::find_if(text.begin(), text.end(), [](char c) { return c == '=' || is_space(c); });
  const auto name = text.substr(0, static_cast<std::size_t>(stop - text.begin()));
  const auto rest = trim(text.substr(name.size()));
  if (name.empty()) return fail(Errc::invalid, concat("missing attribute name: \"", shown(text), "\""));
  if (!rest.starts_with('=')) {
    return fail(Errc::invalid, concat("missing '=' after attribute name: \"", shown(text), "\""));
  }
  return std::pair(std::string(name), std::string(trim(rest.substr(1))));
}

Result<MainCf> MainCf::parse(std::string text, std::string path) {
  MainCf parsed;
  auto lines = Lines::parse(std::move(text), path);
  if (!lines) return fail(lines.error());
  parsed.path_ = std::move(path);
  parsed.lines_ = std::move(*lines);
  if (auto done = parsed.index(); !done) return fail(done.error());
  return parsed;
}

Result<MainCf> MainCf::read(const std::string& path) {
  auto text = read_file(path, kLongestFile);
  if (!text) return fail(text.error());
  return parse(std::move(*text), path);
}

Result<void> MainCf::index() {
  entries_.clear();
  warnings_.clear();
  std::map<std::string, std::size_t> last;
  for (const auto& logical : lines_.logical()) {
    const auto line = logical.begin + 1;
    auto setting = split_setting(logical.text);
    if (!setting) return fail(Errc::invalid, concat(path_, ", line ", line, ": ", setting.error().text));
    auto& [name, value] = *setting;
    const auto [known, is_new] = last.try_emplace(name, entries_.size());
    if (!is_new && entries_[known->second].value != value) {
      warnings_.push_back(concat(path_, ", line ", line, ": overriding earlier entry: ", shown(name), "=",
                                 shown(entries_[known->second].value)));
    }
    known->second = entries_.size();
    entries_.push_back({std::move(name), std::move(value), line});
  }
  return {};
}

const Entry* MainCf::find(std::string_view name) const {
  const auto found = std::find_if(entries_.rbegin(), entries_.rend(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.rend() ? nullptr : &*found;
}

std::vector<Logical> MainCf::named(std::string_view name) const {
  std::vector<Logical> found;
  const auto& logical = lines_.logical();
  for (auto i = logical.size(); i-- > 0;) {
    if (entries_[i].name == name) found.push_back(logical[i]);
  }
  return found;
}

Result<void> MainCf::set(std::string_view name, std::string_view value) {
  value = trim(value);
  if (auto fine = check_setting(name, value); !fine) return fine;
  const auto line = value.empty() ? concat(name, " =") : concat(name, " = ", value);
  const auto old = named(name);
  for (const auto& entry : old) lines_.rewrite(entry, line, Comments::behind);
  if (old.empty()) lines_.append(line);
  return index();
}

std::size_t MainCf::remove(std::string_view name) {
  const auto old = named(name);
  for (const auto& entry : old) lines_.erase(entry);
  [[maybe_unused]] const auto done = index();
  assert(done);
  return old.size();
}

std::size_t MainCf::comment_out(std::string_view name) {
  const auto old = named(name);
  for (const auto& entry : old) lines_.comment_out(entry);
  [[maybe_unused]] const auto done = index();
  assert(done);
  return old.size();
}

}  // namespace postern::config
