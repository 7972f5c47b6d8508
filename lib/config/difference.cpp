#include "lib/config/difference.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"

namespace postern::config {

namespace {

constexpr std::size_t kContext = 3;

using Texts = std::vector<std::string>;

// A rewritten entry may have kept some of its lines: what is the same at both ends is no difference.
void trim(Hunk& hunk) {
  auto &removed = hunk.removed, &added = hunk.added;
  const auto same = std::mismatch(removed.begin(), removed.end(), added.begin(), added.end());
  const auto front = same.first - removed.begin();
  if (front > 0) hunk.context = removed[static_cast<std::size_t>(front - 1)];
  hunk.before += static_cast<std::size_t>(front);
  hunk.after += static_cast<std::size_t>(front);
  removed.erase(removed.begin(), same.first);
  added.erase(added.begin(), same.second);
  while (!removed.empty() && !added.empty() && removed.back() == added.back()) {
    removed.pop_back();
    added.pop_back();
  }
}

// Shows where a line of the diff has no end.
void add_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

std::string range(std::size_t first, std::size_t count) {
  if (count == 1) return std::to_string(first + 1);
  return concat(count == 0 ? first : first + 1, ",", count);
}

// Hunks so near to one another that they share lines of context: from `begin` up to `end`.
std::string group_of(const Lines& before, const std::vector<Hunk>& hunks, std::size_t begin,
                     std::size_t end) {
  const Hunk &first = hunks[begin], &last = hunks[end - 1];
  const auto lead = std::min(first.before, kContext);
  const auto start = first.before - lead;
  const auto stop = std::min(last.before + last.removed.size() + kContext, before.height());
  std::string body;
  auto at = start;
  std::size_t came = 0, went = 0;
  for (auto i = begin; i < end; ++i) {
    for (; at < hunks[i].before; ++at) add_line(body, ' ', before.line(at));
    for (const auto& line : hunks[i].removed) add_line(body, '-', line);
    for (const auto& line : hunks[i].added) add_line(body, '+', line);
    at += hunks[i].removed.size();
    went += hunks[i].removed.size();
    came += hunks[i].added.size();
  }
  for (; at < stop; ++at) add_line(body, ' ', before.line(at));
  const auto height = stop - start;
  return concat("@@ -", range(start, height), " +", range(first.after - lead, height + came - went), " @@\n",
                body);
}

struct Exchange {
  std::size_t at;
  const Texts *out, *in;
  std::string_view context;
};

bool is_at(const Lines& lines, std::size_t place, const Exchange& exchange) {
  if (place > lines.height() || exchange.out->size() > lines.height() - place) return false;
  const bool follows = place == 0 ? exchange.context.empty() : lines.line(place - 1) == exchange.context;
  if (!follows) return false;
  for (std::size_t i = 0; i < exchange.out->size(); ++i) {
    if (lines.line(place + i) != (*exchange.out)[i]) return false;
  }
  return true;
}

// Where the lines are now: in their old place, or else in the only one.
std::optional<std::size_t> find_place(const Lines& lines, const Exchange& exchange) {
  if (is_at(lines, exchange.at, exchange)) return exchange.at;
  std::optional<std::size_t> found;
  for (std::size_t place = 0; place <= lines.height(); ++place) {
    if (!is_at(lines, place, exchange)) continue;
    if (found) return std::nullopt;
    found = place;
  }
  return found;
}

// From the last to the first, so that places in front of an exchange stay what they are.
Result<void> exchange_all(Lines& lines, std::vector<Exchange> exchanges, const std::string& path) {
  Lines changed = lines;
  for (auto one = exchanges.rbegin(); one != exchanges.rend(); ++one) {
    const auto place = find_place(changed, *one);
    if (!place) {
      const auto what = one->out->empty() ? one->context : std::string_view(one->out->front());
      return fail(Errc::invalid, concat(path, ", line ", one->at + 1, ": no longer as it was left: \"",
                                        shown(postern::trim(what)), "\""));
    }
    changed.replace(*place, *place + one->out->size(), *one->in);
  }
  lines = std::move(changed);
  return {};
}

}  // namespace

std::vector<Hunk> difference(const Lines& before, const Lines& after) {
  std::vector<Hunk> hunks;
  std::size_t i = 0, j = 0;
  while (i < before.height() || j < after.height()) {
    const auto is_same = [&] { return j < after.height() && after.origin(j) == i && i < before.height(); };
    if (is_same()) {
      ++i;
      ++j;
      continue;
    }
    Hunk hunk{i, j, {}, {}, std::string(i > 0 ? before.line(i - 1) : std::string_view())};
    while (j < after.height() && (after.origin(j) == kNewLine || after.origin(j) < i))
      hunk.added.emplace_back(after.line(j++));
    const auto next = j < after.height() ? after.origin(j) : before.height();
    while (i < next) hunk.removed.emplace_back(before.line(i++));
    trim(hunk);
    if (!hunk.removed.empty() || !hunk.added.empty()) hunks.push_back(std::move(hunk));
  }
  return hunks;
}

std::string unified_diff(const Lines& before, const std::vector<Hunk>& hunks, std::string_view name) {
  std::string out;
  for (std::size_t begin = 0, end = 0; begin < hunks.size(); begin = end) {
    end = begin + 1;
    while (end < hunks.size() &&
           hunks[end].before - (hunks[end - 1].before + hunks[end - 1].removed.size()) <= 2 * kContext) {
      ++end;
    }
    out += group_of(before, hunks, begin, end);
  }
  // A tab tells patch(1) where a name with blanks ends.
  const auto* end = name.find(' ') == name.npos ? "\n" : "\t\n";
  return out.empty() ? out : concat("--- ", name, end, "+++ ", name, end, out);
}

Result<void> take_back(Lines& lines, const std::vector<Hunk>& hunks, const std::string& path) {
  std::vector<Exchange> exchanges;
  for (const auto& hunk : hunks) exchanges.push_back({hunk.after, &hunk.added, &hunk.removed, hunk.context});
  return exchange_all(lines, std::move(exchanges), path);
}

Result<void> repeat(Lines& lines, const std::vector<Hunk>& hunks, const std::string& path) {
  std::vector<Exchange> exchanges;
  for (const auto& hunk : hunks) exchanges.push_back({hunk.before, &hunk.removed, &hunk.added, hunk.context});
  return exchange_all(lines, std::move(exchanges), path);
}

}  // namespace postern::config
