// The words of an edit of master.cf, read and checked before anything is changed.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/service.h"
#include "postconf/arguments.h"
#include "postconf/pattern.h"

namespace postern::postconf {

struct ServiceEdit {
  Pattern pattern;
  std::string value;                          // of a field, an override or an option
  std::optional<config::Service> entry = {};  // what -M makes of the entry
  bool is_excluded = false;                   // there is such an entry, but --where does not let it in
};

// Fails with invalid on a word that does not have the form of its name space, or that no entry could take.
Result<ServiceEdit> read_service_edit(const std::string& word, const Step& step);

// The field of that name; nothing for "command". Fails with invalid on another name.
Result<std::optional<config::Field>> field_of(std::string_view name);

// The name and type of an entry, which may be broken otherwise.
struct Head {
  std::string name, type;
};
Head head_of(std::string_view entry);

// Which edits are for an entry: found by name where they are not wild, so that thousands of them cost little.
class EditIndex {
 public:
  explicit EditIndex(const std::vector<ServiceEdit>& edits);
  // Their numbers, in order.
  std::vector<std::size_t> for_entry(const Head& head) const;

 private:
  const std::vector<ServiceEdit>& edits_;
  std::unordered_map<std::string, std::vector<std::size_t>> named_;
  std::vector<std::size_t> wild_;
};

}  // namespace postern::postconf
