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

#include "lib/base/text.h"
#include "postconf/edited_file.h"
#include "postconf/history_text.h"

namespace postern::postconf {

namespace {

constexpr std::size_t kMost = 64u << 20;  // what is read at most

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

// The text with one more line, and without those that are too many.
std::string with_line(std::string_view text, const std::string& line) {
  const auto lines = lines_in(text);
  std::size_t first = lines.size(), size = line.size();
  while (first > 0 && lines.size() - first + 1 < kMostRecords &&
         size + lines[first - 1].size() < kLongestHistory) {
    size += lines[--first].size() + 1;
  }
  std::string all;
  for (; first < lines.size(); ++first) all += concat(lines[first], "\n");
  return all + line + "\n";
}

Result<void> forget_last(const std::string& directory) {
  auto file = EditedFile::open(path_of(directory));
  if (!file) return fail(file.error());
  auto lines = lines_in(file->text());
  if (lines.empty()) return {};
  lines.pop_back();
  std::string all;
  for (const auto line : lines) all += concat(line, "\n");
  if (auto prepared = file->prepare(all); !prepared) return prepared;
  return file->publish();
}

Result<void> happen(EditedFile& file, const FileEdit& edit) {
  auto lines = config::Lines::parse(file.text(), edit.file);
  if (!lines) return fail(lines.error());
  if (auto repeated = config::repeat(*lines, edit.hunks, edit.file); !repeated) return repeated;
  if (auto prepared = file.prepare(lines->text()); !prepared) return prepared;
  return file.publish();
}

Result<void> finish(const std::string& directory, const Record& record) {
  std::vector<EditedFile> files;
  bool interrupted = false;
  for (const char* name : {"main.cf", "master.cf"}) {
    const auto is_it = [&](const FileEdit& edit) { return edit.file == name; };
    if (std::none_of(record.files.begin(), record.files.end(), is_it)) continue;
    auto file = EditedFile::open(concat(directory, "/", name));
    if (!file) return fail(file.error());
    interrupted = interrupted || file->was_interrupted();
    files.push_back(std::move(*file));
  }
  if (!interrupted) return {};
  std::size_t is_new = 0, is_old = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto digest = digest_of(files[i].text());
    is_new += digest == record.files[i].after ? 1 : 0;
    is_old += digest == record.files[i].before ? 1 : 0;
  }
  if (is_old == files.size()) return forget_last(directory);
  if (is_new + is_old != files.size() || is_old == 0) return {};
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (digest_of(files[i].text()) != record.files[i].before) continue;
    if (auto done = happen(files[i], record.files[i]); !done) return done;
  }
  return {};
}

std::string shown_command(const config::List& command) {
  std::string text = "postconf";
  for (const auto& word : command) {
    const bool plain = !word.empty() && word.find_first_of(" \t\"'*?$(){}#;&|<>`\\!~") == word.npos;
    text += plain ? concat(" ", word) : concat(" '", word, "'");
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
  auto file = EditedFile::open(path_of(directory));
  if (!file) return fail(file.error());
  const auto lines = lines_in(file->text());
  record.number = lines.empty() ? 1 : number_of(lines.back()) + 1;
  record.time = now();
  record.user = user_now();
  // Only what an edit of both files may have to be finished from has to be there after a power cut.
  const auto durable = record.files.size() > 1 ? EditedFile::Durable::yes : EditedFile::Durable::no;
  if (auto prepared = file->prepare(with_line(file->text(), line_of(record)), durable); !prepared)
    return fail(prepared.error());
  if (auto published = file->publish(); !published) return fail(published.error());
  return record;
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
  const auto records = recall(directory);
  if (!records) return fail(records.error());
  return records->empty() ? Result<void>() : finish(directory, records->back());
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
