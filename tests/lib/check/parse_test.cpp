#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("every malformed line of main.cf is an error, and the rest is judged") {
  const std::vector<Case> cases{
      {"no equals sign\n= x\nmax_use = a\n",
       {"error main.cf:1 missing '=' after attribute name: \"no equals sign\"",
        "error main.cf:2 missing attribute name: \"= x\"",
        "error main.cf:3 bad numerical configuration: max_use = a: not a number"}},
      {"a\n# comment\n  b\nmax_use = a\n",
       {"error main.cf:1 missing '=' after attribute name: \"a  b\"",
        "error main.cf:4 bad numerical configuration: max_use = a: not a number"}},
      {"max_use = 1\nmax_use = 2\n", {"warning main.cf:2 overriding earlier entry: max_use=1"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("a file that does not fall into entries is one error, and the other file is parsed") {
  const System system;
  CHECK(system.judge("  x = y\nmax_use = a\n", "a unix - - n - - local\nb c\n") ==
        Lines{"error main.cf:1 logical line must not start with whitespace: \"x = y\"",
              "error master.cf:2 bad field count in \"b c\""});
  CHECK(system.judge(std::string_view("a = \0\n", 6), "") == Lines{"error main.cf:1 NUL byte in text"});
}

TEST_CASE("every malformed entry of master.cf is an error, and the rest is judged") {
  const std::vector<Case> cases{
      {"x unix - - maybe - - local\ny unix - - n - - nosuch\n",
       {"error master.cf:9 invalid chroot field \"maybe\" in \"x unix - - maybe - - local\"",
        "warning master.cf:10 service y: cannot run: DIR/programs/nosuch: No such file or directory"}},
      {"x unx - - n - - local\n",
       {"error master.cf:9 invalid type field \"unx\" in \"x unx - - n - - local\""}},
      {"x unix - - n - z local\n",
       {"error master.cf:9 invalid process_limit field \"z\" in \"x unix - - n - z local\""}},
      {"x unix - - n soon - local\n",
       {"error master.cf:9 invalid wakeup field \"soon\" in \"x unix - - n soon - local\""}},
      {"x unix - - n - -\n", {"error master.cf:9 bad field count in \"x unix - - n - -\""}},
      {"x unix - - n - - local -o {a = b\n", {"error master.cf:9 missing '}' in \"local -o {a = b\""}},
  };
  check_entries(System(), cases);
}

TEST_CASE("of two entries with one name and type the last one counts") {
  const std::vector<Case> cases{
      {"local unix - n n - - virtual\n",
       {"warning master.cf:9 duplicate master.cf entry for service \"local\" (unix) "
        "-- using the last entry"}},
  };
  check_entries(System(), cases);
}
