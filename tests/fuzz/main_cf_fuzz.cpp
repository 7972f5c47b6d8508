// Any bytes as main.cf: what parses keeps its text, an edit changes only what it names, an expansion ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/config/settings.h"

namespace {

using namespace postern;
using namespace postern::config;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::pair<std::string, std::string>> without(const MainCf& main, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> others;
  for (const auto& entry : main.entries()) {
    if (entry.name != name) others.emplace_back(entry.name, entry.value);
  }
  return others;
}

std::size_t comments(const MainCf& main) { return Lines::parse(main.text(), "main.cf")->ignored(); }

// What an edit leaves must be what a reader of the new file finds.
void require_consistent(const MainCf& main) {
  const auto again = MainCf::parse(main.text());
  require(again && again->text() == main.text() && again->entries().size() == main.entries().size());
  for (std::size_t i = 0; i < main.entries().size(); ++i) {
    const auto& a = main.entries()[i];
    const auto& b = again->entries()[i];
    require(a.name == b.name && a.value == b.value && a.line == b.line);
  }
}

void edit(const MainCf& before, const std::string& name, const std::string& value) {
  auto set = before;
  if (set.set(name, value)) {
    require(set.find(name)->value == trim(value));
    require(without(set, name) == without(before, name) && comments(set) == comments(before));
    require(before.find(name) != nullptr || set.text().starts_with(before.text()));
    require_consistent(set);
  } else {
    require(set.text() == before.text());
  }
  auto removed = before;
  require((removed.remove(name) > 0) == (before.find(name) != nullptr));
  require(removed.find(name) == nullptr && without(removed, name) == without(before, name));
  require(comments(removed) == comments(before));
  require_consistent(removed);
  auto hidden = before;
  hidden.comment_out(name);
  require(hidden.find(name) == nullptr && without(hidden, name) == without(before, name));
  require_consistent(hidden);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto main = MainCf::parse(std::string(text));
  if (!main) {
    require(main.error().text.starts_with("main.cf"));
    return 0;
  }
  require(main->text() == text);
  require_consistent(*main);
  const Settings settings(*main);
  int expansions = 0;
  for (const auto& entry : main->entries()) {
    if (++expansions > 8) break;  // each may take a while, and they are all alike
    const auto value = settings.value(entry.name);
    require(!value || value->size() <= kLongestExpansion);
    each_reference(entry.value, [](std::string_view name) { require(!name.empty()); });
  }
  edit(*main, "a_new_name", "a  value");
  if (main->entries().empty()) return 0;
  edit(*main, main->entries().front().name, main->entries().back().value);
  edit(*main, main->entries().back().value, main->entries().front().name);
  return 0;
}
