#include "lib/base/json.h"

#include <doctest/doctest.h>

using namespace postern;

TEST_CASE("text becomes a JSON string that holds it whole") {
  CHECK(json_string("") == R"("")");
  CHECK(json_string("a \"b\" \\c") == R"("a \"b\" \\c")");
  CHECK(json_string(std::string_view("\0\n\x1f", 3)) == R"("\u0000\u000a\u001f")");
  CHECK(json_string("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
}

TEST_CASE("bytes that are not UTF-8 become question marks") {
  CHECK(json_string("a\xffz") == R"("a?z")");
  CHECK(json_string("\xc3\xbc\xc3") == R"("???")");
}

TEST_CASE("objects and arrays nest") {
  JsonArray array;
  CHECK(array.text() == "[]");
  array.put("1");
  array.put(json_string("two"));
  JsonObject object;
  CHECK(object.text() == "{}");
  object.add("name", "x").add_number("n", -3).put("all", array.text());
  CHECK(object.text() == R"({"name": "x", "n": -3, "all": [1, "two"]})");
}
