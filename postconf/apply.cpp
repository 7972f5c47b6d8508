#include "postconf/apply.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <unordered_map>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"
#include "postconf/invalid.h"
#include "postconf/names.h"

namespace postern::postconf {

namespace {

Result<void> check_name(std::string_view name) {
  const bool bad = std::any_of(name.begin(), name.end(),
                               [](char c) { return is_space(c) || c == '=' || c == '#' || c == '\0'; });
  return bad ? invalid(concat("bad name: \"", config::shown(name), "\"")) : Result<void>();
}

// The steps in the making.
class Steps {
 public:
  // Names of one space and verb that follow each other are one step. Who is named again gets the later value.
  Result<void> add(std::string_view name, Verb verb, std::string_view value) {
    const auto space = space_of(name);
    if (!space) return fail(space.error());
    if (auto fine = check_name(name); !fine) return fine;
    if (value.find('\n') != value.npos)
      return invalid(concat(config::shown(name), ": a value has no line break"));
    if (value.find('\0') != value.npos)
      return invalid(concat(config::shown(name), ": a value has no NUL byte"));
    auto word = verb == Verb::edit ? concat(name, "=", value) : std::string(name);
    const bool same = !steps_.empty() && steps_.back().space == *space && steps_.back().verb == verb;
    if (!same) steps_.push_back({*space, verb, {}, true});
    auto& words = steps_.back().words;
    const Place here{steps_.size() - 1, words.size()};
    const auto [known, is_new] = places_.try_emplace(std::string(name), here);
    if (!is_new && known->second.step == here.step) {
      words[known->second.word] = std::move(word);
      return {};
    }
    known->second = here;
    words.push_back(std::move(word));
    return {};
  }

  std::vector<Step> take() { return std::move(steps_); }

 private:
  struct Place {
    std::size_t step, word;
  };
  std::vector<Step> steps_;
  std::unordered_map<std::string, Place> places_;
};

// Hears the parts of one JSON value, and stops at the first that has no place: nothing is built of what may be very deep.
class Listener : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Listener(Steps& steps) : steps_(steps) {}

  std::string why;         // it stopped
  std::size_t offset = 0;  // where it is no JSON, if it is that

  bool null() override { return value(Verb::remove, {}); }
  bool boolean(bool yes) override { return value(Verb::edit, yes ? "yes" : "no"); }
  bool number_integer(std::int64_t number) override { return value(Verb::edit, std::to_string(number)); }
  bool number_unsigned(std::uint64_t number) override { return value(Verb::edit, std::to_string(number)); }
  // As it is written: 3.10 is not 3.1.
  bool number_float(double, const std::string& text) override { return value(Verb::edit, text); }
  bool string(std::string& text) override { return value(Verb::edit, text); }
  bool binary(nlohmann::json::binary_t&) override { return stop("expected an object"); }

  // An array may hold objects, and an object those of the two files; nothing goes deeper.
  bool start_object(std::size_t) override {
    const auto is_object = [](const Open& one) { return one.is_object; };
    const auto depth = std::count_if(open_.begin(), open_.end(), is_object);
    const bool is_of_file =
        depth == 1 && open_.back().is_object && (name_ == "main.cf" || name_ == "master.cf");
    if (depth > 0 && !is_of_file) return stop(concat(config::shown(name_), kExpected, "an object"));
    open_.push_back({true, {}});
    return true;
  }
  bool key(std::string& name) override {
    name_ = name;
    return open_.back().names.insert(name).second ||
           stop(concat(config::shown(name), ": is there twice in one object"));
  }
  bool start_array(std::size_t) override {
    if (!open_.empty() && open_.back().is_object)
      return stop(concat(config::shown(name_), kExpected, "an array"));
    if (!open_.empty()) return stop("expected an object: an array within an array");
    open_.push_back({false, {}});
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    offset = position;
    std::string_view text = error.what();
    // Behind "[json.exception.parse_error.101] parse error at line 1, column 2: ".
    for (const std::string_view mark : {"] ", ": "}) {
      if (const auto start = text.find(mark); start < kLongestPlace) text.remove_prefix(start + mark.size());
    }
    return stop(concat("not JSON: ", printable(text, 300)));
  }

 private:
  static constexpr std::size_t kLongestPlace = 60;
  static constexpr std::string_view kExpected = ": expected a text, a number, true, false or null, not ";
  struct Open {
    bool is_object;
    std::set<std::string> names;
  };

  bool stop(std::string because) {
    why = std::move(because);
    return false;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool value(Verb verb, std::string_view text) {
    if (open_.empty() || !open_.back().is_object)
      return stop(concat("expected an object, not \"", config::shown(text), "\""));
    const auto added = steps_.add(name_, verb, text);
    return added || stop(added.error().text);
  }

  Steps& steps_;
  std::vector<Open> open_;
  std::string name_;
};

Result<std::vector<Step>> from_lines(std::string_view text, const std::string& path) {
  Steps steps;
  const auto lines = config::Lines::parse(std::string(text), path);
  if (!lines) return fail(lines.error());
  for (const auto& entry : lines->logical()) {
    const auto setting = config::split_setting(entry.text);
    auto added = setting ? steps.add(setting->first, Verb::edit, setting->second)
                         : Result<void>(fail(setting.error()));
    if (!added) return invalid(concat(path, ", line ", entry.begin + 1, ": ", added.error().text));
  }
  return steps.take();
}

Result<std::vector<Step>> from_json(const std::string& text, const std::string& path) {
  Steps steps;
  std::istringstream in(text);
  while (in >> std::ws && in.peek() != std::istringstream::traits_type::eof()) {
    const auto start = static_cast<std::size_t>(in.tellg());
    Listener listener(steps);
    if (nlohmann::json::sax_parse(in, &listener, nlohmann::json::input_format_t::json, false)) continue;
    if (listener.offset == 0) return invalid(concat(path, ": ", listener.why));
    const auto end = std::min(start + listener.offset - 1, text.size());
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n') + 1;
    return invalid(concat(path, ", line ", line, ": ", listener.why));
  }
  return steps.take();
}

bool is_json(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start != text.npos && (text[start] == '{' || text[start] == '[');
}

}  // namespace

Result<std::vector<Step>> read_steps(std::string_view text, const std::string& path) {
  if (text.size() > kLongestApplied) return fail(Errc::too_long, concat(path, ": file is too large"));
  return is_json(text) ? from_json(std::string(text), path) : from_lines(text, path);
}

Result<std::vector<Step>> read_steps_of(const std::string& path) {
  const bool is_input = path == "-";
  const auto text = read_file(is_input ? "/dev/stdin" : path, kLongestApplied);
  if (!text) return fail(text.error());
  return read_steps(*text, is_input ? "standard input" : path);
}

}  // namespace postern::postconf
