#include "postconf/draft.h"

#include "lib/base/text.h"

namespace postern::postconf {

namespace {

// Gives a file its old text, unless somebody else has edited it since.
Result<void> put_back(const std::string& path, std::string_view text, const FileEdit& edit) {
  auto file = EditedFile::open(path);
  if (!file) return fail(file.error());
  if (digest_of(file->text()) != edit.after) return fail(Errc::busy, concat(path, " has changed again"));
  if (auto prepared = file->prepare(text); !prepared) return prepared;
  return file->publish();
}

}  // namespace

Result<Draft::Side> Draft::open_side(const std::string& directory, const std::string& name, Purpose purpose) {
  const auto path = concat(directory, "/", name);
  Side side{name, {}, {}, {}};
  if (purpose == Purpose::write) {
    auto file = EditedFile::open(path);
    if (!file) return fail(file.error());
    side.text = file->text();
    side.file.emplace(std::move(*file));
  } else {
    auto text = read_file(path, config::kLongestFile);
    if (!text) return fail(text.error());
    side.text = std::move(*text);
  }
  auto lines = config::Lines::parse(side.text, path);
  if (!lines) return fail(lines.error());
  side.lines = std::move(*lines);
  return side;
}

Result<Draft> Draft::open(const std::string& directory, Files files, Purpose purpose) {
  if (purpose == Purpose::write) {
    if (auto done = finish_interrupted(directory); !done) return fail(done.error());
  }
  Draft draft;
  draft.directory_ = directory;
  // Always in this order, so that two editors cannot wait for each other.
  const std::pair<Files, std::optional<Side>*> sides[] = {{Files::main, &draft.main_},
                                                          {Files::master, &draft.master_}};
  for (const auto& [which, place] : sides) {
    if (files != which && files != Files::both) continue;
    auto side = open_side(directory, which == Files::main ? "main.cf" : "master.cf", purpose);
    if (!side) return fail(side.error());
    place->emplace(std::move(*side));
  }
  return draft;
}

Result<std::string> Draft::text_of(const std::optional<Side>& side, const std::string& path) const {
  return side ? Result<std::string>(side->lines.text()) : read_file(path, config::kLongestFile);
}

Result<std::string> Draft::main_text() const { return text_of(main_, main_path()); }
Result<std::string> Draft::master_text() const { return text_of(master_, master_path()); }

std::vector<FileEdit> Draft::edits() const {
  std::vector<FileEdit> edits;
  for (const auto* side : {&main_, &master_}) {
    if (!*side) continue;
    const auto now = (*side)->lines.text();
    if (now != (*side)->text) edits.push_back(edit_of(**side, now));
  }
  return edits;
}

FileEdit Draft::edit_of(const Side& side, std::string_view now) {
  const auto before = config::Lines::parse(side.text, side.name);  // as when it was opened
  return {side.name, digest_of(side.text), digest_of(now),
          config::difference(before.value_or(config::Lines()), side.lines)};
}

std::string Draft::difference() const {
  std::string all;
  for (const auto& edit : edits()) {
    const auto& side = edit.file == "main.cf" ? main_ : master_;
    const auto before = config::Lines::parse(side->text, edit.file);
    if (before) all += config::unified_diff(*before, edit.hunks, concat(directory_, "/", edit.file));
  }
  return all;
}

Result<std::optional<Record>> Draft::commit(Record entry) {
  std::vector<Side*> changed;
  for (auto* side : {&main_, &master_}) {
    if (!*side) continue;
    const auto now = (*side)->lines.text();
    if (now == (*side)->text) continue;
    changed.push_back(&**side);
    entry.files.push_back(edit_of(**side, now));
    if (auto prepared = (*side)->file->prepare(now); !prepared) return fail(prepared.error());
  }
  if (changed.empty()) return std::optional<Record>();
  auto kept = remember(directory_, entry);
  // Who may edit a file but not read what others did edits it all the same; both at once need the record.
  if (!kept && kept.error().kind == Errc::denied && changed.size() == 1) kept = entry;
  if (!kept) return fail(kept.error());
  for (auto* side : changed) {
    auto published = side->file->publish();
    if (published) continue;
    const auto& first = *changed.front();
    auto undone = side == &first
                      ? Result<void>()
                      : put_back(concat(directory_, "/", first.name), first.text, kept->files.front());
    if (undone && kept->number > 0) undone = forget(directory_, kept->number);
    if (!undone)
      return fail(undone.error().kind, concat(published.error().text, "; and ", undone.error().text));
    return fail(published.error());
  }
  return std::optional(std::move(*kept));
}

}  // namespace postern::postconf
