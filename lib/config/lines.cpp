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

std::string shown(std::string_view text) { return printable(text, 200); }

Lines::Kind Lines::kind_of(std::string_view line) {
  const auto first = std::find_if_not(line.begin(), line.end(), is_space);
  if (first == line.end() || *first == '#') return Kind::ignored;
  return first == line.begin() ? Kind::first : Kind::more;
}

Result<Lines> Lines::parse(std::string whole, const std::string& path) {
  if (whole.size() > kLongestFile) return fail(Errc::too_long, concat(path, ": file is too large"));
  Lines parsed;
  std::string_view text = parsed.texts_->emplace_back(std::move(whole));
  parsed.lines_.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  bool in_entry = false;
  while (!text.empty()) {
    const auto line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    const auto where = [&] { return concat(path, ", line ", parsed.lines_.size() + 1); };
    if (line.find('\0') != line.npos) return fail(Errc::invalid, where() + ": NUL byte in text");
    const auto kind = kind_of(line);
    if (kind == Kind::more && !in_entry) {
      return fail(Errc::invalid, concat(where(), ": logical line must not start with whitespace: \"",
                                        shown(trim(line)), "\""));
    }
    in_entry = in_entry || kind == Kind::first;
    parsed.lines_.push_back({line, parsed.lines_.size()});
    text.remove_prefix(line.size());
  }
  return parsed;
}

const std::vector<Logical>& Lines::logical() const {
  if (!logical_) logical_ = find_logical();
  return *logical_;
}

// An entry of one line is a view of it; only those of several have to be joined.
std::vector<Logical> Lines::find_logical() const {
  std::vector<Logical> found;
  for (std::size_t i = 0; i < lines_.size();) {
    if (kind_of(lines_[i].text) == Kind::ignored) {
      ++i;
      continue;
    }
    Logical entry{i, i + 1, without_end(lines_[i].text)};
    std::string joined;
    for (++i; i < lines_.size(); ++i) {
      const auto kind = kind_of(lines_[i].text);
      if (kind == Kind::first) break;
      if (kind == Kind::ignored) continue;
      if (joined.empty()) joined = entry.text;
      joined += without_end(lines_[i].text);
      entry.end = i + 1;
    }
    if (!joined.empty()) entry.text = texts_->emplace_back(std::move(joined));
    found.push_back(entry);
  }
  return found;
}

std::size_t Lines::line_of(std::size_t begin, std::size_t offset) const {
  std::size_t last = begin;
  for (auto i = begin; i < lines_.size(); ++i) {
    const auto kind = kind_of(lines_[i].text);
    if (i > begin && kind == Kind::first) break;
    if (kind == Kind::ignored) continue;
    last = i;
    const auto length = without_end(lines_[i].text).size();
    if (offset < length) break;
    offset -= length;
  }
  return last;
}

std::string Lines::text_at(std::size_t begin) const {
  std::string text;
  for (auto i = begin; i < lines_.size(); ++i) {
    const auto kind = kind_of(lines_[i].text);
    if (i > begin && kind == Kind::first) break;
    if (kind != Kind::ignored) text += without_end(lines_[i].text);
  }
  return text;
}

std::string Lines::text() const {
  std::size_t size = 0;
  for (const auto& line : lines_) size += line.text.size();
  std::string all;
  all.reserve(size);
  for (const auto& line : lines_) all += line.text;
  return all;
}

std::size_t Lines::ignored() const {
  const auto count = std::count_if(lines_.begin(), lines_.end(),
                                   [](const Line& line) { return kind_of(line.text) == Kind::ignored; });
  return static_cast<std::size_t>(count);
}

Lines::Line Lines::new_line(std::string text) { return {texts_->emplace_back(std::move(text)), kNewLine}; }

// Moves the lines of an entry to `out` as the change wants them.
void Lines::change(const Change& change, std::vector<Line>& out) {
  const bool rewrites = change.kind == Change::Kind::rewrite;
  const auto ending = line_end(lines_[change.entry.begin].text);
  const auto add_new = [&] { add_lines(change.text, ending.empty() ? "\n" : ending, out); };
  if (rewrites && change.comments == Comments::behind) add_new();
  for (auto i = change.entry.begin; i < change.entry.end; ++i) {
    const bool stays = kind_of(lines_[i].text) == Kind::ignored;
    if (!stays && change.kind != Change::Kind::comment_out) continue;
    out.push_back(stays ? lines_[i] : new_line(concat("#", lines_[i].text)));
  }
  if (rewrites && change.comments == Comments::in_front) add_new();
}

void Lines::apply(const std::vector<Change>& changes) {
  logical_.reset();
  std::vector<Line> out;
  out.reserve(lines_.size());
  std::size_t at = 0;
  const auto keep_up_to = [&](std::size_t end) {
    for (; at < end; ++at) out.push_back(lines_[at]);
  };
  for (const auto& one : changes) {
    keep_up_to(one.entry.begin);
    change(one, out);
    at = one.entry.end;
  }
  keep_up_to(lines_.size());
  lines_ = std::move(out);
  end_all_but_the_last();
}

// A final newline that was missing may stay missing, but only where nothing comes behind.
void Lines::end_all_but_the_last() {
  for (std::size_t i = 0; i + 1 < lines_.size(); ++i) {
    if (lines_[i].text.ends_with('\n')) continue;
    lines_[i] = new_line(concat(lines_[i].text, "\n"));
  }
}

void Lines::rewrite(const Logical& entry, std::string_view with, Comments comments) {
  apply({{Change::Kind::rewrite, entry, std::string(with), comments}});
}

void Lines::erase(const Logical& entry) { apply({{Change::Kind::erase, entry}}); }

void Lines::comment_out(const Logical& entry) { apply({{Change::Kind::comment_out, entry}}); }

void Lines::append(std::string_view line) {
  logical_.reset();
  const auto ending = lines_.empty() || !lines_.back().text.ends_with("\r\n") ? "\n" : "\r\n";
  if (!lines_.empty() && !lines_.back().text.ends_with('\n')) {
    lines_.back() = new_line(concat(lines_.back().text, "\n"));
  }
  add_lines(line, ending, lines_);
}

// A text of several lines, whose last one gets the ending.
void Lines::add_lines(std::string_view text, std::string_view ending, std::vector<Line>& out) {
  for (auto at = text.find('\n'); at != text.npos; at = text.find('\n')) {
    out.push_back(new_line(std::string(text.substr(0, at + 1))));
    text.remove_prefix(at + 1);
  }
  out.push_back(new_line(concat(text, ending)));
}

void Lines::replace(std::size_t begin, std::size_t end, const std::vector<std::string>& with) {
  logical_.reset();
  const auto at = lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(begin),
                               lines_.begin() + static_cast<std::ptrdiff_t>(end));
  std::vector<Line> fresh;
  for (const auto& text : with) fresh.push_back(new_line(text));
  lines_.insert(at, fresh.begin(), fresh.end());
  end_all_but_the_last();
}

}  // namespace postern::config
