// Every parameter that has a meaning: the built-in ones, those that services of master.cf bring along
// (SERVICE_destination_recipient_limit), and names that an administrator made up and uses as $name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/config/service.h"

namespace postern::config {

enum class NameClass { builtin, service, user };

struct Known {
  std::string standard;  // unexpanded
  NameClass kind = NameClass::user;
  bool raw = false;        // its $names are not ours to expand
  bool read_only = false;  // we know the value, nobody sets it
  bool hidden = false;     // an old name that a default still refers to: listed only where it is set
};

class Catalog {
 public:
  // The built-in parameters, and the old names that their defaults refer to.
  Catalog();

  // Their parameters are known from now on; all() has them only after list_services().
  void add_services(const std::vector<Service>& services);
  void list_services();
  // A name that is used; what is known already stays as it is.
  void add_user(std::string_view name);

  // Null for a name that has no meaning.
  const Known* find(std::string_view name) const;
  // The service that a name would belong to if it were one of a service's own parameters: "x" of
  // x_destination_recipient_limit or x_time_limit. Nothing for another name.
  static std::optional<std::string_view> service_of(std::string_view name);
  // Sorted by name.
  const std::map<std::string, Known, std::less<>>& all() const { return all_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  using Names = std::unordered_set<std::string, Hash, std::equal_to<>>;
  // The default of a parameter that some service brings along; null when there is no such service.
  const std::string_view* service_standard(std::string_view name) const;

  // Thousands of services have a great many parameters, of which few are ever asked for: find() adds these.
  mutable std::map<std::string, Known, std::less<>> all_;
  Names transports_, commands_;
};

}  // namespace postern::config
