// Reading .forward and :include: files: by name, with the rights of somebody.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/table/accounts.h"

namespace postern::deliver {

struct UserFile {
  std::string path;       // of the first that is there; empty: none is
  std::size_t which = 0;  // its place among those asked for
  std::string problem;    // why it is not to be used: "file PATH is world writable"
  std::string text;
  uid_t owner = 0;
};

// The first of the paths at which there is something. It is read with the account's rights, and has to be a plain file of
// theirs or of root's that not everybody may write to. To be called on a thread that may block.
UserFile read_forward_file(const std::vector<std::string>& paths, const table::Account& account);

// A file named by :include:. Read with the account's rights, or as we are. `problem` is set when it may not be used.
UserFile read_include_file(const std::string& path, const std::optional<table::Account>& account);

}  // namespace postern::deliver
