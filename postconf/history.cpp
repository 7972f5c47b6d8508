#include "postconf/history.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>

#include "lib/base/text.h"
#include "postconf/edited_file.h"
#include "postconf/history_text.h"

namespace postern::postconf {

namespace {

constexpr std::size_t kMost = 64u << 20;  // of one record, and of what is read

std::string path_of(const std::string& directory) { return concat(directory, "/.postconf.history"); }

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// "ann", or "root (ann)" when ann became root by sudo.
std::string user_now() {
  const passwd* found = ::getpwuid(::getuid());
  std::string name = found == nullptr ? concat("uid ", ::getuid()) : std::string(found->pw_name);
  const char* by = ::getuid() == 0 ? std::getenv("SUDO_USER") : nullptr;
  return by == nullptr || *by == '\0' ? name : concat(name, " (", printable(by, 64), ")");
}

// An empty file of the directory's owner, so that who edits next can write it, root or not.
Result<void> create(const std::string& directory) {
  const auto path = path_of(directory);
  if (::access(path.c_str(), F_OK) == 0) return {};
  auto file = open_file(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
  if (!file) return fail(file.error());
  struct stat above {};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &above) != 0 || above.st_uid == 0) return {};
  if (::fchown(file->get(), above.st_uid, above.st_gid) != 0)
    return fail_errno(concat("give away ", path), errno);
  return {};
}

std::vector<std::string_view> lines_in(std::string_view text) {
  auto lines = split_fields(text, '\n');
  std::erase_if(lines, [](auto line) { return line.empty(); });
  return lines;
}

// Within a text no quotes stand alone, so this is the member and nothing else.
bool takes_back(std::string_view line) {
  return line.find("\"undoes\": [") != line.npos && line.find("\"undoes\": []") == line.npos;
}

// One more than the highest: a line may be damaged.
std::size_t next_number(const std::vector<std::string_view>& lines) {
  std::size_t last = 0;
  for (const auto line : lines) last = std::max(last, number_of(line));
  return last + 1;
}

// The text with one more line, and without those that are too many. What took an edit back does not count: however many
// of these there are, the last edits stay.
std::string with_line(std::string_view text, const std::string& line) {
  const auto lines = lines_in(text);
  std::size_t first = lines.size(), size = line.size(), edits = takes_back(line) ? 0 : 1;
  while (first > 0 && size + lines[first - 1].size() < kLongestHistory) {
    edits += takes_back(lines[first - 1]) ? 0 : 1;
    if (edits > kMostRecords) break;
    size += lines[--first].size() + 1;
  }
  std::string all;
  for (; first < lines.size(); ++first) all += concat(lines[first], "\n");
  return all + line + "\n";
}

Result<void> happen(EditedFile& file, const FileEdit& edit) {
  auto lines = config::Lines::parse(file.text(), edit.file);
  if (!lines) return fail(lines.error());
  if (auto repeated = config::repeat(*lines, edit.hunks, edit.file); !repeated) return repeated;
  if (auto prepared = file.prepare(lines->text()); !prepared) return prepared;
  return file.publish();
}

// Of these files, which nobody else edits now, those that the record is about.
Result<void> finish(const std::string& directory, std::map<std::string, EditedFile>& files,
                    const Record& record) {
  std::vector<const FileEdit*> left;
  std::size_t is_new = 0;
  for (const auto& edit : record.files) {
    const auto file = files.find(edit.file);
    if (file == files.end()) return {};
    const auto digest = digest_of(file->second.text());
    if (digest == edit.before) left.push_back(&edit);
    is_new += digest == edit.after ? 1 : 0;
  }
  if (left.size() + is_new != record.files.size() || left.empty()) return {};
  if (is_new == 0) return forget(directory, record.number);
  for (const auto* edit : left) {
    if (auto done = happen(files.at(edit->file), *edit); !done) return done;
  }
  return {};
}

// For a shell: 'it'\''s'.
std::string in_quotes(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string shown_command(const config::List& command) {
  std::string text = "postconf";
  for (const auto& word : command) {
    const bool plain = !word.empty() && word.find_first_of(" \t\"'*?$(){}[]#;&|<>`\\!~") == word.npos;
    text += plain ? concat(" ", word) : concat(" ", in_quotes(word));
  }
  return printable(text);
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

void show_record(const Record& record, Output& output) {
  std::string note;
  for (const auto number : record.undoes) note += concat(note.empty() ? "  takes back " : ", ", number);
  output.line(concat(record.number, "  ", record.time, "  ", printable(record.user), "  ",
                     shown_command(record.command), note));
}

// As diff writes it: no lines are those behind the one before.
std::string range_of(std::size_t first, std::size_t count) {
  return concat(count == 0 ? first : first + 1, ",", count);
}

void show_files(const Record& record, Output& output) {
  for (const auto& edit : record.files) {
    output.line(concat("--- ", edit.file, "\n+++ ", edit.file));
    for (const auto& hunk : edit.hunks) {
      output.line(concat("@@ -", range_of(hunk.before, hunk.removed.size()), " +",
                         range_of(hunk.after, hunk.added.size()), " @@"));
      for (const auto& line : hunk.removed) output.line(concat("-", without_end(line)));
      for (const auto& line : hunk.added) output.line(concat("+", without_end(line)));
    }
  }
}

}  // namespace

// FNV-1a, eight bytes at a time.
std::string digest_of(std::string_view text) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t sum = 0xcbf29ce484222325;
  auto rest = text;
  for (std::uint64_t word = 0; rest.size() >= sizeof word; rest.remove_prefix(sizeof word)) {
    std::memcpy(&word, rest.data(), sizeof word);
    sum = (sum ^ word) * kPrime;
    sum ^= sum >> 32;
  }
  for (const char c : rest) sum = (sum ^ static_cast<unsigned char>(c)) * kPrime;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(sum >> shift) & 15];
  return concat(digits, "-", text.size());
}

Result<Record> remember(const std::string& directory, Record record) {
  if (auto created = create(directory); !created) return fail(created.error());
  auto file = EditedFile::open(path_of(directory), kMost);
  if (!file) return fail(file.error());
  record.number = next_number(lines_in(file->text()));
  record.time = now();
  record.user = user_now();
  const auto line = line_of(record);
  if (line.size() >= kMost)
    return fail(Errc::too_long, "the edit is too large for the history: nothing was changed");
  // Only what an edit of both files may have to be finished from has to be there after a power cut.
  const auto durable = record.files.size() > 1 ? EditedFile::Durable::yes : EditedFile::Durable::no;
  if (auto prepared = file->prepare(with_line(file->text(), line), durable); !prepared)
    return fail(prepared.error());
  if (auto published = file->publish(); !published) return fail(published.error());
  return record;
}

Result<void> forget(const std::string& directory, std::size_t number) {
  auto file = EditedFile::open(path_of(directory), kMost);
  if (!file) return fail(file.error());
  std::string all;
  for (const auto line : lines_in(file->text())) {
    if (number_of(line) != number) all += concat(line, "\n");
  }
  if (auto prepared = file->prepare(all); !prepared) return prepared;
  return file->publish();
}

Result<std::vector<Record>> recall(const std::string& directory) {
  std::vector<Record> records;
  const auto text = read_file(path_of(directory), kMost);
  if (!text && text.error().kind == Errc::not_found) return records;
  if (!text) return fail(text.error());
  for (const auto line : lines_in(*text)) {
    auto record = record_of(line);
    if (record) records.push_back(std::move(*record));
  }
  return records;
}

Result<void> finish_interrupted(const std::string& directory) {
  const auto is_left = [&](const char* name) {
    struct stat found {};
    return ::stat(concat(directory, "/", name, ".tmp").c_str(), &found) == 0 && found.st_size > 0;
  };
  if (!is_left("main.cf") && !is_left("master.cf")) return {};
  // What looks left behind may be at work: whoever has both files to himself knows.
  std::map<std::string, EditedFile> files;
  bool interrupted = false;
  for (const std::string name : {"main.cf", "master.cf"}) {
    auto file = EditedFile::open(concat(directory, "/", name));
    if (!file && file.error().kind == Errc::not_found) continue;
    if (!file) return fail(file.error());
    interrupted = interrupted || file->was_interrupted();
    files.emplace(name, std::move(*file));
  }
  if (!interrupted) return {};
  const auto records = recall(directory);
  if (!records) return fail(records.error());
  return records->empty() ? Result<void>() : finish(directory, files, records->back());
}

Result<void> show_history(const Request& request, Output& output) {
  const auto records = recall(request.directory);
  if (!records) return fail(records.error());
  bool found = request.number == 0;
  for (const auto& record : *records) {
    if (request.number != 0 && request.number != record.number) continue;
    found = true;
    if (request.json) {
      output.line(line_of(record));
      continue;
    }
    show_record(record, output);
    if (request.number != 0) show_files(record, output);
  }
  if (found) return {};
  output.missing = true;
  return fail(Errc::not_found, concat("there is no edit ", request.number, " in the history"));
}

Result<std::vector<Record>> records_to_undo(const std::string& directory, std::size_t count) {
  auto records = recall(directory);
  if (!records) return fail(records.error());
  std::vector<std::size_t> gone;
  for (const auto& record : *records) gone.insert(gone.end(), record.undoes.begin(), record.undoes.end());
  std::vector<Record> found;
  for (auto record = records->rbegin(); record != records->rend() && found.size() < count; ++record) {
    const bool is_undo = !record->undoes.empty();
    if (is_undo || std::find(gone.begin(), gone.end(), record->number) != gone.end()) continue;
    found.push_back(std::move(*record));
  }
  if (found.size() == count) return found;
  return fail(Errc::not_found, concat("the history has ", found.size(), " edits to take back, not ", count));
}

}  // namespace postern::postconf
