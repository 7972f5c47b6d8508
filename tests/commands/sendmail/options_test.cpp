#include "commands/sendmail/options.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"

using namespace postern;
using namespace postern::sendmail;

namespace {

Options options(std::string_view words, const std::string& name = "sendmail") {
  std::vector<std::string> list;
  for (const auto word : split_words(words, " ")) list.emplace_back(word);
  auto parsed = parse_options(name, list);
  REQUIRE_MESSAGE(parsed, parsed.error().text);
  return *parsed;
}

std::string problem(std::string_view words) {
  std::vector<std::string> list;
  for (const auto word : split_words(words, " ")) list.emplace_back(word);
  const auto parsed = parse_options("sendmail", list);
  return parsed ? "" : parsed.error().text;
}

}  // namespace

TEST_CASE("What is asked for, by options and by name") {
  struct Case {
    const char* words;
    Mode mode;
  };
  const Case cases[] = {{"a", Mode::deliver},     {"-bm a", Mode::deliver},  {"-bs", Mode::smtp},
                        {"-bv a", Mode::verify},  {"-bp", Mode::list},       {"-bi", Mode::aliases},
                        {"-I", Mode::aliases},    {"-bd", Mode::daemon},     {"-bd -q30m", Mode::daemon},
                        {"-q -bd", Mode::daemon}, {"-q", Mode::flush},       {"-q30m", Mode::nothing},
                        {"-qIABC", Mode::flush},  {"-qRx.test", Mode::flush}};
  for (const Case& c : cases) {
    CAPTURE(c.words);
    CHECK(options(c.words).mode == c.mode);
  }
  CHECK(options("", "mailq").mode == Mode::list);
  CHECK(options("", "newaliases").mode == Mode::aliases);
  CHECK(options("-qIABC").flush_id == "ABC");
  CHECK(options("-qRx.test").flush_site == "x.test");
}

TEST_CASE("Options with a value, in one word or two, and several in one") {
  CHECK(options("-f ann a").sender == "ann");
  CHECK(options("-fann a").sender == "ann");
  CHECK(options("-r ann a").sender == "ann");
  CHECK(options("-F Ann a").full_name == "Ann");
  const Options many = options("-tiv -oi -oem -odi -O x=y -h 3 -L label -X /x -G -U -om -em a b");
  CHECK(many.extract_recipients);
  CHECK(many.ignore_dots);
  CHECK(many.verbose == 1);
  CHECK(many.recipients == std::vector<std::string>{"a", "b"});
  CHECK(options("-oA/x/aliases -bi").alias_database == "/x/aliases");
  CHECK(options("-- -a").recipients == std::vector<std::string>{"-a"});
  CHECK(options("a -t").recipients == std::vector<std::string>{"a", "-t"});
}

TEST_CASE("What the sender wants to hear of") {
  CHECK(options("-N success,DELAY a").notify == "SUCCESS,DELAY");
  CHECK(options("-Nnever a").notify == "NEVER");
  CHECK(options("-R hdrs a").ret == "HDRS");
  CHECK(options("-V id+1 a").envid == "id+2B1");
  CHECK(options("-B 8bitmime a").body_type == "8BITMIME");
  for (const char* bad : {"-N x a", "-N never,delay a", "-R all a", "-N , a"}) {
    const Options parsed = options(bad);
    CHECK(parsed.notify.empty());
    CHECK(parsed.ret.empty());
    CHECK_FALSE(parsed.warnings.empty());
  }
}

TEST_CASE("What cannot be") {
  CHECK(problem("-Z a") == "invalid option -- 'Z'; usage: sendmail [options]");
  CHECK(problem("-f") == "option requires an argument -- 'f'");
  CHECK(problem("-bx a") == "unsupported: -bx");
  CHECK(problem("-n a") == "-n option not supported");
  CHECK(problem("-B x a") == "-B option needs 8BITMIME or 7BIT");
  CHECK(problem("-qx") == "-qx is not implemented");
  CHECK(problem("-t -bs") == "-t option cannot be used with -bs");
  CHECK(problem("-oA -bi") == "-oA requires pathname");
}
