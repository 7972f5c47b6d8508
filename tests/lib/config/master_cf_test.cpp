#include "lib/config/master_cf.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::config;

namespace {

using Setting = std::pair<std::string, std::string>;

Service service(std::string_view entry) {
  auto parsed = parse_service(entry);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().text));
  return *parsed;
}

std::string error_of(std::string_view text) {
  const auto parsed = MasterCf::parse(std::string(text));
  return parsed ? "" : parsed.error().text;
}

constexpr std::string_view kFile =
    "# services\n"
    "smtp      inet  n       -       y       -       -       smtpd\n"
    "  -o smtpd_timeout=10s\n"
    "# in between\n"
    "\n"
    "  -v\n"
    "pickup    unix  n       -       y       60      1       pickup\n"
    "qmgr      unix  n       -       n       300?    1       qmgr\n";

}  // namespace

TEST_CASE("an entry has eight fields") {
  const auto smtp = service("smtp inet n - y - - smtpd");
  CHECK(smtp.name == "smtp");
  CHECK(smtp.type == SocketType::inet);
  CHECK_FALSE(smtp.private_);
  CHECK(smtp.unprivileged);
  CHECK(smtp.is_default(Field::unprivileged));
  CHECK(smtp.chroot);
  CHECK(smtp.wakeup.count() == 0);
  CHECK_FALSE(smtp.process_limit.has_value());
  CHECK(smtp.command == "smtpd");
  CHECK(smtp.arguments.empty());
}

TEST_CASE("fields that are written are told from those that are not") {
  const auto qmgr = service("qmgr\tunix\ty  y n  300? 0 qmgr");
  CHECK(qmgr.private_);
  CHECK_FALSE(qmgr.is_default(Field::private_));
  CHECK(qmgr.unprivileged);
  CHECK_FALSE(qmgr.chroot);
  CHECK(qmgr.wakeup.count() == 300);
  CHECK(qmgr.wakeup_if_used);
  CHECK(qmgr.process_limit == 0);
  CHECK(qmgr.field(Field::wakeup) == "300?");
  CHECK_FALSE(service("pickup unix - - - 60 1 pickup").wakeup_if_used);
}

TEST_CASE("all socket types have names") {
  for (const auto* name : {"unix", "unix-dgram", "fifo", "pass"}) {
    const auto parsed = service(concat("x ", name, " - - - - - y"));
    CHECK(name_of(parsed.type) == name);
  }
}

TEST_CASE("options are read in every form they may be written in") {
  const struct {
    std::string arguments;
    std::vector<Setting> overrides;
    int verbose;
    bool debug;
    List operands;
  } rows[] = {
      {"-o a=b", {{"a", "b"}}, 0, false, {}},
      {"-oa=b", {{"a", "b"}}, 0, false, {}},
      {"-o { a = b, c }", {{"a", "b, c"}}, 0, false, {}},
      {"-o {a=b}", {{"a", "b"}}, 0, false, {}},
      {"{-oa = b c}", {{"a", "b c"}}, 0, false, {}},
      {"-o a={b c}", {{"a", "{b c}"}}, 0, false, {}},
      {"-o a=", {{"a", ""}}, 0, false, {}},
      {"-o a=b=c", {{"a", "b=c"}}, 0, false, {}},
      {"-o a=1 -o a=2", {{"a", "1"}, {"a", "2"}}, 0, false, {}},
      {"-vo a=b", {{"a", "b"}}, 1, false, {}},
      {"-vvDoa=b -v", {{"a", "b"}}, 3, true, {}},
      {"-D -v -v", {}, 2, true, {}},
      {"-m 50 -o a=b", {{"a", "b"}}, 0, false, {}},
      {"-i50 -v", {}, 1, false, {}},
      {"-v -- -v x", {}, 1, false, {"-v", "x"}},
      {"-v - -v", {}, 1, false, {"-", "-v"}},
      {"flags=DRhu user=ann argv=/bin/x -f {a b} $x",
       {},
       0,
       false,
       {"flags=DRhu", "user=ann", "argv=/bin/x", "-f", "a b", "$x"}},
      {"-o a=b argv={c d} -o e=f", {{"a", "b"}}, 0, false, {"argv={c d}", "-o", "e=f"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.arguments);
    const auto parsed = service("x unix - n n - - cmd " + row.arguments);
    CHECK(parsed.overrides == row.overrides);
    CHECK(parsed.verbose == row.verbose);
    CHECK(parsed.debug == row.debug);
    CHECK(parsed.operands == row.operands);
  }
}

TEST_CASE("inet names are ports with or without an address") {
  const struct {
    std::string name, host, port;
  } rows[] = {
      {"smtp", "", "smtp"},
      {"25", "", "25"},
      {"127.0.0.1:10025", "127.0.0.1", "10025"},
      {"localhost:smtp", "localhost", "smtp"},
      {"[::1]:25", "::1", "25"},
      {"[127.0.0.1]:submission", "127.0.0.1", "submission"},
      {"[fe80::1%eth0]:25", "fe80::1%eth0", "25"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto endpoint = parse_endpoint(row.name);
    REQUIRE(endpoint);
    CHECK(endpoint->host == row.host);
    CHECK(endpoint->port == row.port);
  }
  for (const auto* bad : {"", "*", "*:25", "host:", ":25", "::1:25", "[::1]", "[::1", "[]:25", "[::1]:", "0",
                          "65536", "25x", "a b", "host:25:26", "[a]b]:25"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_endpoint(bad));
  }
}

TEST_CASE("a bad entry is refused with file, line and what is wrong") {
  const struct {
    std::string entry, error;
  } rows[] = {
      {"smtp inet n - y - -", "bad field count in \"smtp inet n - y - -\""},
      {"smtp", "bad field count in \"smtp\""},
      {"x Unix - - - - - y", "invalid type field \"Unix\" in \"x Unix - - - - - y\""},
      {"x unix Y - - - - y", "invalid private field \"Y\" in \"x unix Y - - - - y\""},
      {"x unix - yes - - - y", "invalid unprivileged field \"yes\" in \"x unix - yes - - - y\""},
      {"x unix - - ? - - y", "invalid chroot field \"?\" in \"x unix - - ? - - y\""},
      {"x unix - - - 5s - y", "invalid wakeup field \"5s\" in \"x unix - - - 5s - y\""},
      {"x unix - - - ? - y", "invalid wakeup field \"?\" in \"x unix - - - ? - y\""},
      {"x unix - - - -1 - y", "invalid wakeup field \"-1\" in \"x unix - - - -1 - y\""},
      {"x unix - - - - 1? y", "invalid process_limit field \"1?\" in \"x unix - - - - 1? y\""},
      {"x unix - - - - 2147483648 y",
       "invalid process_limit field \"2147483648\" in \"x unix - - - - 2147483648 y\""},
      {"25 inet y - - - - y", "invalid private field \"y\" in \"25 inet y - - - - y\""},
      {"25 inet - - - - - y", "invalid private field \"-\" in \"25 inet - - - - - y\""},
      {"*:25 inet n - - - - y", "bad address or port \"*:25\" in \"*:25 inet n - - - - y\""},
      {"../x unix - - - - - y", "invalid service field \"../x\" in \"../x unix - - - - - y\""},
      {"/x unix - - - - - y", "invalid service field \"/x\" in \"/x unix - - - - - y\""},
      {"x unix - - - - - {}", "empty command in \"x unix - - - - - {}\""},
      {"x unix - - - - - y {a", "missing '}' in \"y {a\""},
      {"x unix - - - - - y {a}b", "syntax error after '}' in \"{a}b\""},
      {"x unix - - - - - y -o", "option -o without a value in \"x unix - - - - - y -o\""},
      {"x unix - - - - - y {-v x}", "invalid option -  in \"x unix - - - - - y {-v x}\""},
      {"x unix - - - - - y --help", "invalid option -- in \"x unix - - - - - y --help\""},
      {"x unix - - - - - y -o ab", "missing '=' after attribute name: \"ab\""},
      {"x unix - - - - - y -o =b", "missing attribute name: \"=b\""},
      {"x unix - - - - - y \x01", "non-printable text in \"x unix - - - - - y ?\""},
  };
  for (const auto& row : rows) {
    CHECK(error_of("# first\n" + row.entry + "\n") == "master.cf, line 2: " + row.error);
  }
  CHECK(error_of("  x\n") == "master.cf, line 1: logical line must not start with whitespace: \"x\"");
}

TEST_CASE("a file keeps its text, and knows the line of each service") {
  const auto file = MasterCf::parse(std::string(kFile));
  REQUIRE(file);
  CHECK(file->text() == kFile);
  REQUIRE(file->services().size() == 3);
  CHECK(file->services()[0].line == 2);
  CHECK(file->services()[0].verbose == 1);
  CHECK(file->services()[2].line == 8);
  CHECK(file->find("qmgr", SocketType::unix) == &file->services()[2]);
  CHECK(file->find("qmgr", SocketType::fifo) == nullptr);
}

TEST_CASE("of two entries for one name and type the last is used, with a warning") {
  const auto file = MasterCf::parse("x unix - - - - 1 a\nx fifo - - - - 1 b\nx unix - - - - 2 c\n", "m");
  REQUIRE(file);
  CHECK(file->warnings() ==
        List{"m, line 3: duplicate master.cf entry for service \"x\" (unix) -- using the last entry"});
  CHECK(file->find("x", SocketType::unix)->command == "c");
  const auto in_force = file->in_force();
  REQUIRE(in_force.size() == 2);
  CHECK(in_force[0].command == "b");
  CHECK(in_force[1].command == "c");
}

TEST_CASE("replacing an entry leaves the others, and puts its inner comments in front") {
  auto file = *MasterCf::parse(std::string(kFile));
  REQUIRE(file.replace(0, "smtp inet n - n - - screen\n  -v"));
  CHECK(file.text() ==
        "# services\n# in between\n\nsmtp inet n - n - - screen\n  -v\n"
        "pickup    unix  n       -       y       60      1       pickup\n"
        "qmgr      unix  n       -       n       300?    1       qmgr\n");
  CHECK(file.services()[0].command == "screen");
  CHECK(file.services()[1].name == "pickup");
}

TEST_CASE("removing and commenting out touch the lines of the entry only") {
  auto file = *MasterCf::parse("a unix - - - - - a\n#c\n  -v\nb unix - - - - - b");
  auto other = file;
  file.comment_out(0);
  CHECK(file.text() == "#a unix - - - - - a\n#c\n#  -v\nb unix - - - - - b");
  other.remove(0);
  CHECK(other.text() == "#c\nb unix - - - - - b");
  REQUIRE(other.append("c unix - - - - - c"));
  CHECK(other.text() == "#c\nb unix - - - - - b\nc unix - - - - - c\n");
}

TEST_CASE("only one whole entry can be put in") {
  auto file = *MasterCf::parse(std::string(kFile));
  for (const auto* bad :
       {"", "#x", "x unix - - - - -", "a unix - - - - - a\nb unix - - - - - b", "a unix - - - - - a\n# c",
        "a unix - - - - - a\n#c\n -v", " a unix - - - - - a", "\na unix - - - - - a"}) {
    CAPTURE(bad);
    CHECK_FALSE(file.replace(0, bad));
    CHECK_FALSE(file.append(bad));
    CHECK(file.text() == kFile);
  }
}

TEST_CASE("an entry is written in columns, its options in one way") {
  const struct {
    std::string entry, line;
  } rows[] = {
      {"smtp inet n - y - - smtpd", "smtp       inet  n       -       y       -       -       smtpd"},
      {"submission inet n - - - 100 smtpd -on=v -vo x=y",
       "submission inet  n       -       -       -       100     smtpd -o n=v -v -o x=y"},
      {"127.0.0.1:10025 inet n - - - - smtpd -o { a = b c }",
       "127.0.0.1:10025 inet n   -       -       -       -       smtpd -o {a=b c}"},
      {"p unix - n n - - pipe flags=R {user = x} argv={a b} -f",
       "p          unix  -       n       n       -       -       pipe flags=R {user = x} {argv={a b}} -f"},
      {"a unix - - n - - pipe -vvo x={a b} -nv y{a b} z",
       "a          unix  -       -       n       -       -       pipe -vv -o {x={a b}} -nv y{a b} z"},
      {"a unix - - n - - pipe x y{a b}}",
       "a          unix  -       -       n       -       -       pipe x y{a b}}"},
  };
  for (const auto& row : rows) CHECK(one_line(service(row.entry)) == row.line);
}

TEST_CASE("folding never puts a word where it would be a comment") {
  CHECK(folded(service("x unix - - - - - y -o a=b #c")) ==
        "x          unix  -       -       -       -       -       y\n    -o a=b #c");
}

TEST_CASE("a folded entry has a line for each -o, and breaks at 80 columns") {
  CHECK(folded(service("smtp inet n - y - - smtpd -v -o a=b -oc=d -D x")) ==
        "smtp       inet  n       -       y       -       -       smtpd -v\n"
        "    -o a=b\n"
        "    -o c=d\n"
        "    -D x");
  CHECK(folded(service("uucp unix - n n - - pipe flags=Fqhu user=uucp argv=uux -r -n -z -a$sender -")) ==
        "uucp       unix  -       n       n       -       -       pipe flags=Fqhu\n"
        "    user=uucp argv=uux -r -n -z -a$sender -");
}

TEST_CASE("which services are disabled: the first pattern that fits decides") {
  CHECK(is_disabled("smtp", "inet", {"inet"}));
  CHECK(is_disabled("smtp", "inet", {"smtp/inet"}));
  CHECK(!is_disabled("smtp", "unix", {"smtp/inet"}));
  CHECK(!is_disabled("smtp", "inet", {"!smtp/inet", "inet"}));
  CHECK(is_disabled("submission", "inet", {"!smtp/inet", "inet"}));
  CHECK(!is_disabled("smtp", "inet", {}));
}

TEST_CASE("the physical line on which an override begins") {
  const auto file = MasterCf::parse(
      "a unix - - n - - x\n"
      "b unix - - n - - y -o first=1\n"
      "# a comment inside\n"
      "  -o {second =\n"
      "   2 } -othird=3\n"
      "\n"
      "   -v -o\n"
      "   fourth=4 -- -o fifth=5\n"
      "c unix - - n -\n"
      "  - z -o sixth=6\n");
  REQUIRE(file);
  const auto services = file->in_force();
  REQUIRE(services[1].overrides.size() == 4);
  const std::vector<std::size_t> expected{2, 4, 5, 8};
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(file->line_of_override(services[1], i) == expected[i]);
  CHECK(file->line_of_override(services[2], 0) == 10);
  CHECK(file->line_of_override(services[1], 99) == 2);
}
