#include "lib/config/lines.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::config {

namespace {

std::string_view line_end(std::string_view line) {
  if (line.ends_with("\r\n")) return "\r\n";
  return line.ends_with('\n') ? "\n" : "";
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::string shown(std::string_view text) {
  return printable(text, 200);
}

Lines::Kind Lines::kind_of(std::string_view line) {
  const auto words = trim(line);
  if (words.empty() || words.front() == '#') return Kind::ignored;
  return is_space(line.front()) ? Kind::more : Kind::first;
}

Result<Lines> Lines::parse(std::string_view text, const std::string& path) {
  if (text.size() > kLongestFile) return fail(Errc::too_long, concat(path, ": file is too large"));
  Lines parsed;
  bool in_entry = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n') == text.npos ? text.npos : text.find('\n') + 1);
    const auto where = [&] { return concat(path, ", line ", parsed.lines_.size() + 1); };
    if (line.find('\0') != line.npos) return fail(Errc::invalid, where() + ": NUL byte in text");
    const auto kind = kind_of(line);
    if (kind == Kind::more && !in_entry) {
      return fail(Errc::invalid, concat(where(), ": logical line must not start with whitespace: \"",
                                        shown(trim(line)), "\""));
    }
    in_entry = in_entry || kind == Kind::first;
    parsed.lines_.emplace_back(line);
    text.remove_prefix(line.size());
  }
  return parsed;
}

std::vector<Logical> Lines::logical() const {
  std::vector<Logical> found;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const auto kind = kind_of(lines_[i]);
    if (kind == Kind::ignored) continue;
    if (kind == Kind::first) found.push_back({i, i, {}});
    found.back().text += without_end(lines_[i]);
    found.back().end = i + 1;
  }
  return found;
}

std::size_t Lines::line_of(std::size_t begin, std::size_t offset) const {
  std::size_t last = begin;
  for (auto i = begin; i < lines_.size(); ++i) {
    const auto kind = kind_of(lines_[i]);
    if (i > begin && kind == Kind::first) break;
    if (kind == Kind::ignored) continue;
    last = i;
    const auto length = without_end(lines_[i]).size();
    if (offset < length) break;
    offset -= length;
  }
  return last;
}

std::string Lines::text_at(std::size_t begin) const {
  std::string text;
  for (auto i = begin; i < lines_.size(); ++i) {
    const auto kind = kind_of(lines_[i]);
    if (i > begin && kind == Kind::first) break;
    if (kind != Kind::ignored) text += without_end(lines_[i]);
  }
  return text;
}

std::string Lines::text() const {
  std::string all;
  for (const auto& line : lines_) all += line;
  return all;
}

std::size_t Lines::ignored() const {
  const auto count =
      std::count_if(lines_.begin(), lines_.end(), [](const auto& l) { return kind_of(l) == Kind::ignored; });
  return static_cast<std::size_t>(count);
}

// Moves the lines of an entry to `out` as the change wants them.
void Lines::change(const Change& change, std::vector<std::string>& out) {
  const bool rewrites = change.kind == Change::Kind::rewrite;
  const auto ending = line_end(lines_[change.entry.begin]);
  const auto line = rewrites ? concat(change.text, ending.empty() ? "\n" : ending) : std::string();
  if (rewrites && change.comments == Comments::behind) out.push_back(line);
  for (auto i = change.entry.begin; i < change.entry.end; ++i) {
    const bool stays = kind_of(lines_[i]) == Kind::ignored;
    if (!stays && change.kind != Change::Kind::comment_out) continue;
    out.push_back(stays ? std::move(lines_[i]) : "#" + lines_[i]);
  }
  if (rewrites && change.comments == Comments::in_front) out.push_back(line);
}

void Lines::apply(const std::vector<Change>& changes) {
  std::vector<std::string> out;
  out.reserve(lines_.size());
  std::size_t at = 0;
  const auto keep_up_to = [&](std::size_t end) {
    for (; at < end; ++at) out.push_back(std::move(lines_[at]));
  };
  for (const auto& one : changes) {
    keep_up_to(one.entry.begin);
    change(one, out);
    at = one.entry.end;
  }
  keep_up_to(lines_.size());
  // A final newline that was missing may stay missing, but only where nothing comes behind.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (!out[i].ends_with('\n')) out[i] += '\n';
  }
  lines_ = std::move(out);
}

void Lines::rewrite(const Logical& entry, std::string_view with, Comments comments) {
  apply({{Change::Kind::rewrite, entry, std::string(with), comments}});
}

void Lines::erase(const Logical& entry) {
  apply({{Change::Kind::erase, entry}});
}

void Lines::comment_out(const Logical& entry) {
  apply({{Change::Kind::comment_out, entry}});
}

void Lines::append(std::string_view line) {
  const auto ending = lines_.empty() || !lines_.back().ends_with("\r\n") ? "\n" : "\r\n";
  if (!lines_.empty() && !lines_.back().ends_with('\n')) lines_.back() += '\n';
  lines_.push_back(concat(line, ending));
}

}  // namespace postern::config
