#include "lib/base/exec.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace postern;

TEST_CASE("words end with a null") {
  const std::vector<std::string> words{"sh", "-c", ""};
  const auto pointers = pointers_to(words);
  REQUIRE(pointers.size() == 4);
  CHECK(pointers[1] == std::string("-c"));
  CHECK(pointers[2] == words[2].c_str());
  CHECK(pointers[3] == nullptr);
  CHECK(pointers_to({}).size() == 1);
}

TEST_CASE("an environment is made of what is named") {
  ::setenv("EXEC_TEST_KEPT", "a=b", 1);
  ::unsetenv("EXEC_TEST_UNSET");
  CHECK(chosen_environment({"EXEC_TEST_KEPT", "EXEC_TEST_UNSET", "LANG=C"}) ==
        std::vector<std::string>{"EXEC_TEST_KEPT=a=b", "LANG=C"});
  ::unsetenv("EXEC_TEST_KEPT");
}
