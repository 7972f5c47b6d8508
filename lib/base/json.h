// JSON text for scripts, written from the inside out: values first, then the object around them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

// The text as a JSON string with its quotes. What is not UTF-8 becomes '?'.
std::string json_string(std::string_view text);

class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view text) { return put(name, json_string(text)); }
  JsonObject& add_number(std::string_view name, std::int64_t number) {
    return put(name, std::to_string(number));
  }
  // A value that is JSON already.
  JsonObject& put(std::string_view name, std::string_view json);
  std::string text() const { return "{" + inside_ + "}"; }

 private:
  std::string inside_;
};

class JsonArray {
 public:
  void put(std::string_view json);
  std::string text() const { return "[" + inside_ + "]"; }

 private:
  std::string inside_;
};

}  // namespace postern
