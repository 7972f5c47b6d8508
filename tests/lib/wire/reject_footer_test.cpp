#include "lib/wire/reject_footer.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;

namespace {

std::string with(std::string reply, std::string_view footer, std::string_view value = "") {
  wire::add_footer(reply, footer, unescaped("\\t\\40abcxn<>\\\\$"),
                   [&](std::string_view name) { return name == "it" ? std::string(value) : std::string(); });
  return reply;
}

}  // namespace

TEST_CASE("a footer has the code of its reply, and is its last line") {
  CHECK(with("550 5.7.1 No\r\n", "see x") == "550-5.7.1 No\r\n550 5.7.1 see x\r\n");
  CHECK(with("550 No\r\n", "a\\nb") == "550-No\r\n550-a\r\n550 b\r\n");
  CHECK(with("450-4.3.2 a\r\n450 4.3.2 b\r\n", "c") == "450-4.3.2 a\r\n450-4.3.2 b\r\n450 4.3.2 c\r\n");
  CHECK(with("550 5.7.1 No\r\n", "\\c. Ask\\nx") == "550-5.7.1 No. Ask\r\n550 5.7.1 x\r\n");
  CHECK(with("450-a\r\n450 b\r\n", "\\cc") == "450-a\r\n450 bc\r\n");
  CHECK(with("550 No\r\n", "${open") == "550 No\r\n");
}

TEST_CASE("a value in a footer cannot begin a line, be expanded, or grow a line too long") {
  CHECK(with("550 No\r\n", "<$it>", "a\\nb") == "550-No\r\n550 <a\\nb>\r\n");
  CHECK(with("550 No\r\n", "<$it>",
             "a\r\nb\x01\xff"
             "9") == "550-No\r\n550 <a__b___>\r\n");
  CHECK(with("550 No\r\n", "<$it>", "$xb") == "550-No\r\n550 <_xb>\r\n");
  for (const std::string_view footer : {"$it", "\\c$it"}) {
    const std::string reply = with("550 No\r\n", footer, std::string(2000, 'x'));
    CHECK(reply.substr(reply.rfind("550")).size() == 512);
  }
  CHECK(wire::takes_footer("450 x"));
  CHECK_FALSE(wire::takes_footer("250 x"));
  CHECK_FALSE(wire::takes_footer(""));
}
