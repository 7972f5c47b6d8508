// docs/formats/frame.md tells of every message and every field.
#include <doctest/doctest.h>

#include <filesystem>
#include <regex>

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

}  // namespace

TEST_CASE("the page of the frames shows each message as it is declared") {
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
  std::size_t declared = 0;
  const std::regex name("string_view name = \"([a-z_]+)\"");
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(POSTERN_SOURCE) + "/lib/ipc/messages")) {
    const auto text = read_file(file.path());
    REQUIRE(text);
    for (std::sregex_iterator at(text->begin(), text->end(), name), end; at != end; ++at, ++declared) {
      const std::string found = (*at)[1];
      CHECK_MESSAGE(std::count(listed.begin(), listed.end(), found) == 1,
                    "tests/lib/ipc/all_messages.h lacks ", found);
    }
  }
  CHECK(declared == listed.size());
  const auto page = read_file(kPage);
  const std::regex title("\n### ([a-z_]+)\n");
  std::size_t titles = 0;
  for (std::sregex_iterator at(page->begin(), page->end(), title), end; at != end; ++at, ++titles) {
    CHECK(std::count(listed.begin(), listed.end(), (*at)[1].str()) == 1);
  }
  CHECK(titles == listed.size());
}

}  // namespace postern::ipc
