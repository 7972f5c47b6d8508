// docs/formats/frame.md tells of every message and every field.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "lib/base/fd.h"
#include "tests/lib/ipc/all_messages.h"

namespace postern::ipc {

namespace {

const std::string kPage = std::string(POSTERN_SOURCE) + "/docs/formats/frame.md";

template <class T>
std::string shape_of() {
  if constexpr (codec_detail::IsVector<T>::value) {
    return "any number of: " + shape_of<typename T::value_type>();
  } else if constexpr (codec_detail::Nested<T>) {
    std::string out;
    const auto each = [&](const auto& field) {
      out += concat(out.empty() ? "" : " TAB ", "`", field.name, "`");
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, T::fields);
    return out;
  } else if constexpr (std::is_same_v<T, bool>) {
    return "`yes` or `no`";
  } else if constexpr (std::is_enum_v<T>) {
    return concat("0 to ", static_cast<int>(last_value(T())));
  } else if constexpr (std::is_integral_v<T>) {
    return "number";
  } else {
    return "text";
  }
}

template <class Message, class T>
std::string row(const Field<Message, T>& field) {
  return concat("| `", field.name, "` | ", shape_of<T>(), " |\n");
}

// The table of one message as the page shows it.
template <class Message>
std::string table() {
  std::string out = concat("### ", Message::name, "\n\n| field | value |\n|---|---|\n");
  std::apply([&](const auto&... field) { ((out += row(field)), ...); }, Message::fields);
  if constexpr (requires { Message::body; }) out += "| (body) | bytes |\n";
  if constexpr (requires { Message::descriptor; }) out += "| (descriptor) | none or one |\n";
  return out;
}

std::vector<std::string> all_between(std::string_view text, std::string_view before, std::string_view after) {
  std::vector<std::string> found;
  for (auto at = text.find(before); at != std::string_view::npos; at = text.find(before, at)) {
    at += before.size();
    found.emplace_back(text.substr(at, text.find(after, at) - at));
  }
  return found;
}

// With POSTERN_WRITE_PAGES in the environment the tables are written anew, for somebody who has changed a message.
void write_page() {
  const auto page = read_file(kPage);
  REQUIRE(page);
  std::vector<std::string> tables;
  for_each_message([&](auto kind) { tables.push_back(table<typename decltype(kind)::type>()); });
  std::sort(tables.begin(), tables.end());
  std::ofstream out(kPage);
  out << page->substr(0, page->find("\n### "));
  for (const std::string& one : tables) out << '\n' << one;
}

}  // namespace

TEST_CASE("the page of the frames shows each message as it is declared") {
  if (std::getenv("POSTERN_WRITE_PAGES") != nullptr) write_page();
  const auto page = read_file(kPage);
  REQUIRE(page);
  for_each_message([&](auto kind) {
    const std::string expected = table<typename decltype(kind)::type>();
    CHECK_MESSAGE(page->find(expected) != std::string::npos, "docs/formats/frame.md lacks:\n", expected);
  });
}

TEST_CASE("the list of all messages names each that a header declares, and the page names no other") {
  std::vector<std::string> listed;
  for_each_message([&](auto kind) { listed.emplace_back(decltype(kind)::type::name); });
  std::sort(listed.begin(), listed.end());
  std::vector<std::string> declared;
  const auto headers = std::filesystem::directory_iterator(std::string(POSTERN_SOURCE) + "/lib/ipc/messages");
  for (const auto& header : headers) {
    const auto text = read_file(header.path());
    REQUIRE(text);
    for (auto& name : all_between(*text, "string_view name = \"", "\"")) declared.push_back(std::move(name));
  }
  std::sort(declared.begin(), declared.end());
  CHECK_MESSAGE(declared == listed, "tests/lib/ipc/all_messages.h lacks a message, or names one too many");
  const auto page = read_file(kPage);
  REQUIRE(page);
  CHECK(all_between(*page, "\n### ", "\n") == listed);
}

}  // namespace postern::ipc
