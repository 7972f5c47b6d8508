#include "commands/postmap/build.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "commands/postmap/content.h"
#include "commands/postmap/owner.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/table/lmdb_file.h"
#include "lib/table/memory_tables.h"
#include "lib/table/records.h"

namespace postern::postmap {

namespace {

struct Place {
  std::string source;  // the text
  std::string built;   // the file that is made of it
};

Result<Place> place_of(const std::string& table) {
  const auto [type_name, argument] = table::split_name(table);
  const auto* type = table::find_type(type_name);
  if (type == nullptr || type->open == nullptr) {
    return fail(Errc::invalid, concat("unsupported table type: ", printable(type_name, 80)));
  }
  if (type->built.empty()) {
    return fail(Errc::invalid,
                concat("unsupported table type: ", type_name, " does not support bulk-mode creation."));
  }
  return Place{std::string(argument), concat(argument, type->built)};
}

// One process at a time changes a file that is there. The lock is on what bears the name when we have it.
class Locked {
 public:
  static Result<Locked> take(const std::string& path) {
    for (;;) {
      Locked locked;
      locked.file_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!locked.file_ && errno == ENOENT) return locked;
      if (!locked.file_) return fail_errno(concat("open ", path), errno);
      while (::flock(locked.file_.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return fail_errno(concat("lock ", path), errno);
      }
      struct stat ours {
      }, named{};
      const bool same = ::fstat(locked.file_.get(), &ours) == 0 && ::stat(path.c_str(), &named) == 0 &&
                        ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
      if (same) return locked;
    }
  }
  bool there() const { return static_cast<bool>(file_); }
  int fd() const { return file_.get(); }

 private:
  Fd file_;
};

// A file on its way: it is gone unless it got its name.
class NewFile {
 public:
  explicit NewFile(const std::string& path) : path_(path), temporary_(concat(path, ".tmp.", ::getpid())) {
    ::unlink(temporary_.c_str());
  }
  ~NewFile() {
    if (!done_) ::unlink(temporary_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Result<void> write(table::Records records, mode_t mode, uid_t owner, gid_t group) {
    // Made here, so that nobody has put a link in its place.
    auto made = open_file(temporary_, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0600);
    if (!made) return fail(made.error());
    auto written = table::write_lmdb(temporary_, std::move(records), mode);
    if (!written) return written;
    if (::geteuid() == 0 && ::fchown(made->get(), owner, group) != 0)
      return fail_errno(concat("chown ", temporary_), errno);
    if (::fchmod(made->get(), mode) != 0) return fail_errno(concat("chmod ", temporary_), errno);
    if (::fsync(made->get()) != 0) return fail_errno(concat("fsync ", temporary_), errno);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0)
      return fail_errno(concat("rename ", temporary_), errno);
    done_ = true;
    const auto folder = std::filesystem::path(path_).parent_path();
    return sync_directory(folder.empty() ? "." : folder.string());
  }

 private:
  std::string path_, temporary_;
  bool done_ = false;
};

void say(table::Trouble, const std::string& text) { log_warning(text); }

// Adds records to a table in memory, by the rules for keys that are there already.
class Gather {
 public:
  Gather(const Options& options, const std::string& built, table::Values& values)
      : options_(options), built_(built), values_(values) {}

  Result<void> read(const std::string& text, const std::string& path) {
    table::TakeRecords to;
    to.report = say;
    to.broken = [](const std::string&, const std::string&) {};
    to.take = [this](table::Record record) { take(std::move(record)); };
    if (options_.program == Program::postalias) {
      table::read_aliases(text, path, to);
    } else {
      table::read_pairs(text, path, to);
    }
    if (!problem_.empty()) return fail(Errc::too_long, problem_);
    return {};
  }

 private:
  void take(table::Record record) {
    std::string value(record.value);
    if (options_.files) {
      auto content = encoded_files(value);
      if (!content)
        return log_warning(concat(record.where, ": ", content.error().text, ": skipping this entry"));
      value = std::move(*content);
    }
    auto key = options_.fold ? lower(record.key) : record.key;
    if (key.size() > table::kLongestKey && problem_.empty()) {
      problem_ = concat(record.where, ": the key is longer than ", table::kLongestKey, " bytes");
    }
    if (options_.replace) {
      values_.insert_or_assign(std::move(key), std::move(value));
    } else if (!values_.try_emplace(std::move(key), std::move(value)).second && !options_.quiet) {
      log_warning(
          concat(record.where, ": ", built_, ": duplicate entry: \"", printable(record.key, 100), '"'));
    }
  }

  const Options& options_;
  const std::string& built_;
  table::Values& values_;
  std::string problem_;
};

Result<std::string> standard_input() {
  std::string text;
  char block[65536];
  for (;;) {
    const ssize_t got = ::read(0, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read standard input", errno);
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
  }
}

Result<table::Values> read_built(const std::string& built) {
  const auto kind = table::kind_of_file(built);
  if (!kind) return fail(kind.error());
  if (*kind != table::FileKind::lmdb) {
    return fail(Errc::invalid,
                concat("database ", built, " is not an LMDB file: build it from its text first"));
  }
  auto file = table::LmdbFile::open(built);
  if (!file) return fail(file.error());
  auto records = (*file)->all();
  if (!records) return fail(records.error());
  table::Values values;
  for (auto& [key, value] : *records) values.insert_or_assign(std::move(key), std::move(value));
  return values;
}

// What the file is given: of the text it is made from, or of itself when it is changed.
Result<struct stat> model(const Locked& locked, const std::string& built) {
  struct stat status {};
  if (::fstat(locked.fd(), &status) != 0) return fail_errno(concat("stat ", built), errno);
  return status;
}

Result<void> write(const Options& options, const std::string& built, table::Values values,
                   const struct stat& like) {
  constexpr mode_t kPlain = 0644;
  table::Records records;
  records.reserve(values.size());
  for (auto& [key, value] : values) records.emplace_back(key, std::move(value));
  const mode_t mode = options.plain_mode ? kPlain : like.st_mode & 0666;
  return NewFile(built).write(std::move(records), mode, like.st_uid, like.st_gid);
}

Result<void> build_new(const Options& options, const Place& place) {
  struct stat like {};
  if (::stat(place.source.c_str(), &like) != 0) return fail_errno(concat("open ", place.source), errno);
  auto owner = Owner::become(place.built, like, options.keep_root);
  if (!owner) return fail(owner.error());
  const auto text = read_file(place.source, table::kLongestSource);
  if (!text) return fail(text.error());
  table::Values values;
  auto read = Gather(options, place.built, values).read(*text, place.source);
  if (!read) return read;
  if (owner->writes_as_root()) owner->back();
  const auto locked = Locked::take(place.built);
  if (!locked) return fail(locked.error());
  return write(options, place.built, std::move(values), like);
}

Result<void> add(const Options& options, const Place& place) {
  const auto text = standard_input();
  if (!text) return fail(text.error());
  const auto locked = Locked::take(place.built);
  if (!locked) return fail(locked.error());
  table::Values values;
  struct stat like {};
  like.st_mode = 0644;
  like.st_uid = ::geteuid();
  like.st_gid = ::getegid();
  if (locked->there()) {
    auto before = read_built(place.built);
    if (!before) return fail(before.error());
    values = std::move(*before);
    const auto status = model(*locked, place.built);
    if (!status) return fail(status.error());
    like = *status;
  }
  auto read = Gather(options, place.built, values).read(*text, "standard input");
  if (!read) return read;
  return write(options, place.built, std::move(values), like);
}

}  // namespace

Result<void> build(const Options& options, const std::string& table) {
  const auto place = place_of(table);
  if (!place) return fail(place.error());
  return options.add ? add(options, *place) : build_new(options, *place);
}

Result<bool> remove(const Options& options, const std::string& table) {
  const auto place = place_of(table);
  if (!place) return fail(place.error());
  std::vector<std::string> keys{*options.key};
  if (*options.key == "-") {
    const auto text = standard_input();
    if (!text) return fail(text.error());
    keys.clear();
    for (const auto line : split_fields(*text, '\n')) keys.emplace_back(line);
  }
  const auto locked = Locked::take(place->built);
  if (!locked) return fail(locked.error());
  auto values = read_built(place->built);
  if (!values) return fail(values.error());
  std::size_t gone = 0;
  for (const auto& key : keys) gone += values->erase(options.fold ? lower(key) : key);
  if (gone == 0) return false;
  const auto like = model(*locked, place->built);
  if (!like) return fail(like.error());
  auto kept = options;
  kept.plain_mode = false;
  auto written = write(kept, place->built, std::move(*values), *like);
  if (!written) return fail(written.error());
  return true;
}

}  // namespace postern::postmap
