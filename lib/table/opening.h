// What tables are opened with, and what they leave behind for the program that opened them. One stands around a
// program's preparation; tables that are opened meanwhile find it by themselves, so that a parameter's value is
// all that anybody has to pass on.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib/config/settings.h"
#include "lib/net/loop.h"
#include "lib/table/watched.h"

namespace postern::table {

// What it means. A warning leaves the table as it is meant; after a mistake in its source lookups that come to it fail;
// after an error all do, since there is no table.
enum class Trouble { warning, mistake, error };
using Report = std::function<void(Trouble trouble, const std::string& text)>;

class Opening {
 public:
  // What tables may use: the loop for those that ask a server, the settings for those with parameters of their own.
  // Either may be missing: such tables then fail to open. Both outlive the tables. Without `report`, troubles are
  // logged.
  Opening(const config::Settings* settings, net::Loop* loop, Report report = {});
  // The one from before is in force again.
  ~Opening();
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  // The one in force in this thread, or nullptr.
  static Opening* now();
  // Says something about a table's source, to the opening in force or to the log.
  static void report(Trouble trouble, const std::string& text);

  const config::Settings* settings() const { return settings_; }
  net::Loop* loop() const { return loop_; }

  // The files that the tables stand on.
  WatchedFiles& files() { return files_; }
  // What lookups will do: make UNIX or inet connections.
  void needs_unix() { unix_ = true; }
  void needs_inet() { inet_ = true; }
  bool connects_unix() const { return unix_; }
  bool connects_inet() const { return inet_; }

 private:
  const config::Settings* settings_;
  net::Loop* loop_;
  Report report_;
  WatchedFiles files_;
  bool unix_ = false, inet_ = false;
  Opening* before_;
};

// Reads a whole file and has it watched, if an opening is in force. A file that is being changed at this very moment
// is read again, so that any later change is seen in its times. Fails as postern::read_file.
Result<std::string> read_watched(const std::string& path, std::size_t limit);

}  // namespace postern::table
