// master.cf, every byte kept, and the services it declares. An edit changes only the entry it names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/lines.h"
#include "lib/config/service.h"

namespace postern::config {

class MasterCf {
 public:
  MasterCf() = default;

  // Fails with invalid: "PATH, line N: invalid type field "X" in "ENTRY"", and whatever else parse_service
  // finds.
  static Result<MasterCf> parse(std::string text, std::string path = "master.cf");
  // Also fails as read_file does.
  static Result<MasterCf> read(const std::string& path);

  const std::string& path() const { return path_; }
  // In the order of the file, entries that a later one replaces included.
  const std::vector<Service>& services() const& { return services_; }
  std::vector<Service> services() && { return std::move(services_); }
  // The entry in force: of several with one name and type the last. Null when there is none.
  const Service* find(std::string_view name, SocketType type) const;
  // The entries in force, in the order of the file.
  std::vector<Service> in_force() const;
  // "PATH, line N: duplicate master.cf entry for service "NAME" (TYPE) -- using the last entry".
  const std::vector<std::string>& warnings() const { return warnings_; }
  // The physical line, from 1, on which an override of an entry begins: of service.overrides[which]. The
  // service is one of services() or in_force().
  std::size_t line_of_override(const Service& service, std::size_t which) const;
  std::string text() const { return lines_.text(); }

  // Replaces the entry at an index of services(), or adds one at the end. The entry is one logical line,
  // folded or not; it stands in the file as given. Comments inside the old entry move in front of the new
  // one. Fails as parse_service does, and on comments; then nothing has changed.
  Result<void> replace(std::size_t index, std::string_view entry);
  Result<void> append(std::string_view entry);
  // Removes the lines of an entry, or puts '#' in front of them. Comments between them stay.
  void remove(std::size_t index);
  void comment_out(std::size_t index);

 private:
  Result<void> index();
  void index_again();

  std::string path_;
  Lines lines_;
  std::vector<Service> services_;
  std::vector<std::string> warnings_;
};

// True when master_service_disable names the service: as TYPE or NAME/TYPE, the first match decides, and "!"
// in front means that it is not disabled.
bool is_disabled(std::string_view name, std::string_view type, const std::vector<std::string>& patterns);

}  // namespace postern::config
