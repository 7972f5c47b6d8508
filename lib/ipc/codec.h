// Messages between services. A message is a plain struct that declares its fields once:
//
//   struct Verdict {
//     std::string text;
//     std::vector<Address> others;  // a struct that declares fields of its own
//     std::string content;
//     Fd file;
//     static constexpr std::string_view name = "verdict";
//     static constexpr auto fields =
//         std::tuple{Field{"text", &Verdict::text}, Field{"other", &Verdict::others}};
//     static constexpr auto body = &Verdict::content;     // optional: bytes that are counted, not escaped
//     static constexpr auto descriptor = &Verdict::file;  // optional: a descriptor that rides along
//   };
//
// Its attributes travel as `name=value` lines (a vector as one line for each element, a nested struct as its
// values with tabs between), so that a dump of a socket can be read. An enumeration travels as its number,
// from 0 to last_value(Enumeration()), a function declared beside it. The reader refuses unknown, missing and
// doubled fields.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/text.h"

namespace postern::ipc {

template <class Struct, class Value>
struct Field {
  std::string_view name;
  Value Struct::*member;
};
template <class Struct, class Value>
Field(const char*, Value Struct::*) -> Field<Struct, Value>;

// A value with backslash, LF, CR, TAB and NUL written as \\ \n \r \t \0.
void append_escaped(std::string& out, std::string_view value);
// Back again; fails with invalid on any other escape.
Result<std::string> unescape(std::string_view text);

namespace codec_detail {

template <class T>
concept Nested = requires {
  T::fields;
};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
void put_scalar(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "yes" : "no";
  } else if constexpr (std::is_enum_v<T>) {
    out += std::to_string(static_cast<std::int64_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    out += std::to_string(value);
  } else {
    append_escaped(out, value);
  }
}

template <class T>
void put_value(std::string& out, const T& value) {
  if constexpr (Nested<T>) {
    bool first = true;
    const auto each = [&](const auto& field) {
      if (!first) out += '\t';
      first = false;
      put_scalar(out, value.*field.member);
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, T::fields);
  } else {
    put_scalar(out, value);
  }
}

template <class T>
void put_field(std::string& out, std::string_view name, const T& value) {
  if constexpr (IsVector<T>::value) {
    for (const auto& element : value) put_field(out, name, element);
  } else {
    out += name;
    out += '=';
    put_value(out, value);
    out += '\n';
  }
}

template <class T>
bool get_scalar(std::string_view text, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = text == "yes";
    return value || text == "no";
  } else if constexpr (std::is_enum_v<T>) {
    int number = 0;
    if (!get_scalar(text, number) || number < 0 || number > static_cast<int>(last_value(T()))) return false;
    value = static_cast<T>(number);
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc() && read.ptr == text.data() + text.size();
  } else {
    auto plain = unescape(text);
    if (!plain) return false;
    value = std::move(*plain);
    return true;
  }
}

template <class T>
bool get_value(std::string_view text, T& value) {
  if constexpr (Nested<T>) {
    const auto parts = split_fields(text, '\t');
    if (parts.size() != std::tuple_size_v<decltype(T::fields)>) return false;
    std::size_t at = 0;
    return std::apply(
        [&](const auto&... field) { return (get_scalar(parts[at++], value.*field.member) && ...); },
        T::fields);
  } else {
    return get_scalar(text, value);
  }
}

// One line of attributes given to one field: whether the name was this field's, and then whether the value
// fitted.
enum class Taken { no, yes, wrong };
template <class Message, class T>
Taken take_line(Message& message, const Field<Message, T>& field, bool& seen, std::string_view name,
                std::string_view text) {
  if (name != field.name) return Taken::no;
  if constexpr (IsVector<T>::value) {
    seen = true;
    return get_value(text, (message.*field.member).emplace_back()) ? Taken::yes : Taken::wrong;
  } else {
    if (seen) return Taken::wrong;
    seen = true;
    return get_value(text, message.*field.member) ? Taken::yes : Taken::wrong;
  }
}

template <class T>
constexpr bool may_be_missing(const T&) {
  return false;
}
template <class S, class T>
constexpr bool may_be_missing(const Field<S, std::vector<T>>&) {
  return true;
}

}  // namespace codec_detail

// The attributes of a message as lines.
template <class Message>
std::string encode_attributes(const Message& message) {
  std::string out;
  std::apply(
      [&](const auto&... field) { (codec_detail::put_field(out, field.name, message.*field.member), ...); },
      Message::fields);
  return out;
}

// Attributes into a message. Fails with invalid, naming the message and the line or field.
template <class Message>
Result<void> decode_attributes(std::string_view lines, Message& message) {
  constexpr std::size_t count = std::tuple_size_v<decltype(Message::fields)>;
  bool seen[count == 0 ? 1 : count] = {};
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = lines.substr(0, end);
    if (end == std::string_view::npos) {
      return fail(Errc::invalid,
                  concat("message ", Message::name, ": unfinished line \"", printable(line, 80), "\""));
    }
    lines.remove_prefix(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::invalid,
                  concat("message ", Message::name, ": no '=' in \"", printable(line, 80), "\""));
    }
    auto taken = codec_detail::Taken::no;
    std::size_t at = 0;
    const auto try_field = [&](const auto& field) {
      bool& mark = seen[at++];
      if (taken == codec_detail::Taken::no) {
        taken =
            codec_detail::take_line(message, field, mark, line.substr(0, equals), line.substr(equals + 1));
      }
    };
    std::apply([&](const auto&... field) { (try_field(field), ...); }, Message::fields);
    if (taken != codec_detail::Taken::yes) {
      const char* why = taken == codec_detail::Taken::no ? ": unknown field \"" : ": bad or doubled field \"";
      return fail(Errc::invalid, concat("message ", Message::name, why, printable(line, 80), "\""));
    }
  }
  std::string missing;
  std::size_t at = 0;
  const auto check = [&](const auto& field) {
    if (!seen[at++] && !codec_detail::may_be_missing(field)) missing = field.name;
  };
  std::apply([&](const auto&... field) { (check(field), ...); }, Message::fields);
  if (!missing.empty())
    return fail(Errc::invalid, concat("message ", Message::name, ": missing field ", missing));
  return {};
}

// A question and its answer.
template <class Q, class A>
struct Call {
  using Question = Q;
  using Answer = A;
};

}  // namespace postern::ipc
