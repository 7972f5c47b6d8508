#include "postconf/apply.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"
#include "postconf/names.h"

namespace postern::postconf {

namespace {

using Json = nlohmann::ordered_json;

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  Result<std::vector<Step>> lines(std::string_view text) {
    const auto lines = config::Lines::parse(std::string(text), path_);
    if (!lines) return fail(lines.error());
    for (const auto& entry : lines->logical()) {
      const auto setting = config::split_setting(entry.text);
      auto added =
          setting ? add(setting->first, Verb::edit, setting->second) : Result<void>(fail(setting.error()));
      if (!added)
        return fail(Errc::invalid, concat(path_, ", line ", entry.begin + 1, ": ", added.error().text));
    }
    return std::move(steps_);
  }

  Result<std::vector<Step>> json(std::string_view text) {
    std::istringstream in{std::string(text)};
    while (in >> std::ws && in.peek() != std::istringstream::traits_type::eof()) {
      Json value;
      try {
        in >> value;
      } catch (const Json::exception& error) {
        return fail(Errc::invalid, concat(path_, ": not JSON: ", printable(error.what(), 300)));
      }
      if (auto taken = take(value, 0); !taken)
        return fail(Errc::invalid, concat(path_, ": ", taken.error().text));
    }
    return std::move(steps_);
  }

 private:
  // Arrays and the two files may hold objects; nothing goes deeper.
  Result<void> take(const Json& value, int depth) {
    if (depth > 2) return fail(Errc::too_long, "objects within objects within objects");
    if (value.is_array()) {
      for (const auto& one : value) {
        if (auto taken = take(one, depth + 1); !taken) return taken;
      }
      return {};
    }
    if (!value.is_object()) return fail(Errc::invalid, concat("expected an object: ", shown(value)));
    for (const auto& [name, one] : value.items()) {
      const bool is_file = one.is_object() && (name == "main.cf" || name == "master.cf");
      auto taken = is_file ? take(one, depth + 1) : take_member(name, one);
      if (!taken) return taken;
    }
    return {};
  }

  Result<void> take_member(const std::string& name, const Json& value) {
    if (value.is_null()) return add(name, Verb::remove, {});
    if (value.is_boolean()) return add(name, Verb::edit, value.get<bool>() ? "yes" : "no");
    if (value.is_string()) return add(name, Verb::edit, value.get<std::string>());
    if (value.is_number()) return add(name, Verb::edit, value.dump());
    return fail(
        Errc::invalid,
        concat(config::shown(name), ": expected a text, a number, true, false or null, not ", shown(value)));
  }

  static std::string shown(const Json& value) {
    return printable(value.dump(-1, ' ', true, Json::error_handler_t::replace), 100);
  }

  // Names of one space and verb that follow each other are one step.
  Result<void> add(std::string_view name, Verb verb, std::string_view value) {
    const auto space = space_of(name);
    if (!space) return fail(space.error());
    if (name.find_first_of("=#") != name.npos || name.find_first_of(" \t\r\n") != name.npos) {
      return fail(Errc::invalid, concat("bad name: \"", config::shown(name), "\""));
    }
    const bool same = !steps_.empty() && steps_.back().space == *space && steps_.back().verb == verb;
    if (!same) steps_.push_back({*space, verb, {}, true});
    steps_.back().words.push_back(verb == Verb::edit ? concat(name, "=", value) : std::string(name));
    return {};
  }

  std::string path_;
  std::vector<Step> steps_;
};

bool is_json(std::string_view text) {
  const auto start = trim(text.substr(0, std::min<std::size_t>(text.size(), 4096)));
  return start.starts_with('{') || start.starts_with('[');
}

}  // namespace

Result<std::vector<Step>> read_steps(std::string_view text, const std::string& path) {
  if (text.size() > kLongestApplied) return fail(Errc::too_long, concat(path, ": file is too large"));
  return is_json(text) ? Reader(path).json(text) : Reader(path).lines(text);
}

Result<std::vector<Step>> read_steps_of(const std::string& path) {
  const bool is_input = path == "-";
  const auto text = read_file(is_input ? "/dev/stdin" : path, kLongestApplied);
  if (!text) return fail(text.error());
  return read_steps(*text, is_input ? "standard input" : path);
}

}  // namespace postern::postconf
