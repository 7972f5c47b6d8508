#include "lib/config/master_cf.h"

#include <algorithm>
#include <cassert>
#include <unordered_set>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::config {

namespace {

using Name = std::pair<std::string_view, SocketType>;
struct NameHash {
  std::size_t operator()(const Name& name) const {
    return std::hash<std::string_view>()(name.first) + static_cast<std::size_t>(name.second);
  }
};

bool same(const Service& service, std::string_view name, SocketType type) {
  return service.type == type && service.name == name;
}

// The text of one entry, without its final newline, if it is one.
Result<std::string_view> one_entry(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const auto lines = Lines::parse(std::string(text), "entry");
  if (!lines) return fail(lines.error());
  const auto logical = lines->logical();
  const auto height = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (logical.size() != 1 || lines->ignored() > 0 || logical[0].end != height) {
    return fail(Errc::invalid, concat("not one master.cf entry: \"", shown(text), "\""));
  }
  if (const auto service = parse_service(logical[0].text); !service) return fail(service.error());
  return text;
}

}  // namespace

Result<MasterCf> MasterCf::parse(std::string text, std::string path) {
  MasterCf parsed;
  auto lines = Lines::parse(std::move(text), path);
  if (!lines) return fail(lines.error());
  parsed.path_ = std::move(path);
  parsed.lines_ = std::move(*lines);
  if (auto done = parsed.index(); !done) return fail(done.error());
  return parsed;
}

Result<MasterCf> MasterCf::read(const std::string& path) {
  auto text = read_file(path, kLongestFile);
  if (!text) return fail(text.error());
  return parse(std::move(*text), path);
}

Result<void> MasterCf::index() {
  services_.clear();
  warnings_.clear();
  const auto& entries = lines_.logical();
  services_.reserve(entries.size());  // and so the names that we remember stay where they are
  std::unordered_set<Name, NameHash> known;
  known.reserve(entries.size());
  for (const auto& logical : entries) {
    const auto line = logical.begin + 1;
    auto& added = services_.emplace_back();
    if (auto read = read_service(logical.text, added); !read) {
      return fail(Errc::invalid, concat(path_, ", line ", line, ": ", read.error().text));
    }
    added.line = line;
    if (known.emplace(added.name, added.type).second) continue;
    warnings_.push_back(concat(path_, ", line ", line, ": duplicate master.cf entry for service \"",
                               added.name, "\" (", name_of(added.type), ") -- using the last entry"));
  }
  return {};
}

const Service* MasterCf::find(std::string_view name, SocketType type) const {
  const auto found = std::find_if(services_.rbegin(), services_.rend(),
                                  [&](const Service& service) { return same(service, name, type); });
  return found == services_.rend() ? nullptr : &*found;
}

std::vector<Service> MasterCf::in_force() const {
  std::vector<Service> found;
  std::unordered_set<Name, NameHash> seen;
  for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
    if (seen.emplace(service->name, service->type).second) found.push_back(*service);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::size_t MasterCf::line_of_override(const Service& service, std::size_t which) const {
  const auto begin = service.line - 1;
  const auto text = lines_.text_at(begin);
  std::string_view rest = text;
  for (std::size_t field = 0; field < kFields; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_of(kBlanks), rest.size()));
  }
  const auto words = braced_words(rest, kBlanks);
  const auto word = which < service.override_words.size() ? service.override_words[which] + 1 : 0;
  if (!words || word >= words->size()) return service.line;
  const auto offset = static_cast<std::size_t>((*words)[word].data() - text.data());
  return lines_.line_of(begin, offset) + 1;
}

// After an edit, which cannot make the file worse: every entry was parsed before it went in.
void MasterCf::index_again() {
  auto lines = Lines::parse(lines_.text(), path_);
  assert(lines);
  lines_ = std::move(*lines);
  [[maybe_unused]] const auto done = index();
  assert(done);
}

Result<void> MasterCf::replace(std::size_t index, std::string_view entry) {
  const auto text = one_entry(entry);
  if (!text) return fail(text.error());
  lines_.rewrite(lines_.logical().at(index), *text, Comments::in_front);
  index_again();
  return {};
}

Result<void> MasterCf::append(std::string_view entry) {
  const auto text = one_entry(entry);
  if (!text) return fail(text.error());
  lines_.append(*text);
  index_again();
  return {};
}

void MasterCf::remove(std::size_t index) {
  lines_.erase(lines_.logical().at(index));
  index_again();
}

void MasterCf::comment_out(std::size_t index) {
  lines_.comment_out(lines_.logical().at(index));
  index_again();
}

bool is_disabled(std::string_view name, std::string_view type, const std::vector<std::string>& patterns) {
  const std::string whole = concat(name, "/", type);
  for (std::string_view pattern : patterns) {
    const bool excepted = !pattern.empty() && pattern.front() == '!';
    if (excepted) pattern.remove_prefix(1);
    if (pattern == type || pattern == whole) return !excepted;
  }
  return false;
}

}  // namespace postern::config
