// The last edits of main.cf and master.cf: who, when, what. Kept beside them in .postconf.history, a JSON object a line, readable
// by its owner alone. It is also what an edit of both files is finished from when it died between the two: see
// docs/formats/postconf-history.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/difference.h"
#include "lib/config/words.h"
#include "postconf/arguments.h"
#include "postconf/output.h"

namespace postern::postconf {

constexpr std::size_t kMostRecords = 50;           // besides those that take others back
constexpr std::size_t kLongestHistory = 8u << 20;  // older records go first

struct FileEdit {
  std::string file;           // main.cf or master.cf
  std::string before, after;  // digests of the texts
  std::vector<config::Hunk> hunks;
};

struct Record {
  std::size_t number = 0;           // from 1; remember() gives it
  std::string time, user;           // remember() fills these in
  config::List command;             // the arguments of postconf
  std::vector<std::size_t> undoes;  // the records that this one took back
  std::vector<FileEdit> files;
};

// Tells two texts apart; nobody's secret hangs on it.
std::string digest_of(std::string_view text);

// Adds a record, with its number, the time and the user. The file is created if it is not there. Fails with too_long, and
// as an EditedFile does.
Result<Record> remember(const std::string& directory, Record record);

// Removes a record: its edit did not happen.
Result<void> forget(const std::string& directory, std::size_t number);

// The records, oldest first; none when there is no file. A line that is no record is passed over. Fails as read_file.
Result<std::vector<Record>> recall(const std::string& directory);

// If an editor died while it wrote: when one of two files is new, makes the other one new too; when none is, forgets the
// record. Waits for an editor that is still at work.
Result<void> finish_interrupted(const std::string& directory);

// --history, and --history N as a diff.
Result<void> show_history(const Request& request, Output& output);

// The records that --undo N takes back, the latest first. Fails with not_found when there are not as many.
Result<std::vector<Record>> records_to_undo(const std::string& directory, std::size_t count);

}  // namespace postern::postconf
