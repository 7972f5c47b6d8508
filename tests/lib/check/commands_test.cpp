#include <unistd.h>

#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("commands of spawn services") {
  const std::vector<Case> cases{
      {"p unix - n n - 0 spawn user=nobody argv=/bin/cat\n", {}},
      {"p unix - n n - 0 spawn -o max_idle=5s -v user=nobody:nogroup argv=cat user=root\n", {}},
      {"p unix - n n - 0 spawn argv=/bin/cat\n", {"error master.cf:9 service p: attribute user= is missing"}},
      {"p unix - n n - 0 spawn user=nobody\n", {"error master.cf:9 service p: attribute argv= is missing"}},
      {"p unix - n n - 0 spawn user=nobody flags=R argv=/bin/cat\n",
       {"error master.cf:9 service p: unknown attribute \"flags=R\""}},
      {"p unix - n n - 0 spawn user=nobody argv=/nonexistent/cat\n",
       {"warning master.cf:9 service p: no program /nonexistent/cat"}},
      {"p unix - n y - 0 spawn user=nobody argv=/only/inside\n", {}},
      {"p unix - n n - - pipe flags=DRhu user=nobody argv=/bin/cat $recipient\n", {}},
      {"p unix - n n - - pipe flags=Z user=nobody argv=/bin/cat\n",
       {"error master.cf:9 service p: unknown flag: Z"}},
  };
  check_entries(System(), cases);
}

TEST_CASE("a spawn service that cannot become its user") {
  const Lines expected{
      "warning master.cf:9 service p: cannot run a command as user nobody: write n in the fourth field"};
  const auto found =
      System().judge("", concat(kGoodServices, "p unix - - n - 0 spawn user=nobody argv=/bin/cat\n"));
  CHECK(found == (::geteuid() == 0 ? expected : Lines{}));
}

TEST_CASE("time limits of spawn services") {
  const std::vector<Case> cases{
      {"p_time_limit = 3600\n", {}},
      {"p_time_limit = $command_time_limit\n", {}},
      {"p_time_limit = 0\n", {"error main.cf:1 invalid p_time_limit parameter value 0 < 1"}},
      {"p_time_limit = soon\n",
       {"error main.cf:1 bad time configuration: p_time_limit = soon: bad time value or unit"}},
  };
  check_cases(System(), cases, concat(kGoodServices, "p unix - n n - 0 spawn user=nobody argv=/bin/cat\n"));
}
