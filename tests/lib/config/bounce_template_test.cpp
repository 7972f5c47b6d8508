#include "lib/config/bounce_template.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/config/expand.h"

using namespace postern;
using namespace postern::config;

namespace {

constexpr auto kFailure = BounceKind::failure;
const std::string kStart = "failure_template = <<EOF\n";

BounceTemplates parsed(const std::string& text) {
  auto templates = BounceTemplates::parse(text, "f");
  REQUIRE_MESSAGE(templates.has_value(), text);
  return std::move(*templates);
}

std::string error_of(const std::string& text) {
  const auto templates = BounceTemplates::parse(text, "f");
  return templates ? "" : templates.error().text;
}

// What an expansion gives: its warnings and the text, or the error, a line each.
std::string expanded(const std::string& text, const std::string& main = "") {
  BounceTemplate used = standard_template(kFailure);
  used.origin = "f";
  used.text = text;
  std::string said;
  const auto warn = [&](std::string_view what) { said += concat("warning: ", what, "\n"); };
  const auto result = expanded_text(used, Settings(*MainCf::parse(main)), warn);
  return said + (result ? *result : "error: " + result.error().text);
}

}  // namespace

TEST_CASE("a template of the file takes the place of the built-in one, and the others stay") {
  const auto templates = parsed(
      "# ours\n\nfailure_template = <<END\nCharset: utf-8\nfrom: a@b\nSUBJECT : s: "
      "t\nPostmaster-Subject:\tp\n\n"
      "Grüße von $myhostname\n\n  EOF\nEND\n");
  const auto& failure = templates.of(kFailure);
  CHECK(failure.origin == "f");
  CHECK(failure.charset == "utf-8");
  CHECK(failure.from == "a@b");
  CHECK(failure.subject == "s: t");
  CHECK(failure.postmaster_subject == "p");
  CHECK(failure.text == "Grüße von $myhostname\n\n  EOF\n");
  CHECK(templates.of(BounceKind::delay).origin == kBuiltIn);
  CHECK(templates.of(BounceKind::delay).text == standard_template(BounceKind::delay).text);
  CHECK(templates.warnings().empty());
}

TEST_CASE("a header that the template leaves out is the built-in one") {
  const auto one = parsed(kStart + "Subject: s\n\nb\nEOF\n").of(kFailure);
  CHECK(one.subject == "s");
  CHECK(one.from == standard_template(kFailure).from);
  CHECK(one.postmaster_subject == standard_template(kFailure).postmaster_subject);
}

TEST_CASE("the text begins behind the headers and their blank lines") {
  const std::pair<const char*, const char*> kCases[] = {
      {"\nb\n", "b\n"},
      {"b\n", "b\n"},
      {"\n\n \t\n b\n\n\n", " b\n\n\n"},
      {"Subject: s\n folded\n", " folded\n"},
      {"Subject: s\n\nFrom: no header\n", "From: no header\n"},
      {" \nSubject: no header\n", "Subject: no header\n"},
      {"# no comment\nSubject: s\n", "# no comment\nSubject: s\n"},
      {"two words: x\n", "two words: x\n"},
      {": x\n", ": x\n"},
      {"a\r\n\r\nb\r\r\n", "a\n\nb\n"}};
  for (const auto& one : kCases) {
    const auto& [text, expected] = one;
    CAPTURE(one.first);
    CHECK(parsed(kStart + text + "EOF\n").of(kFailure).text == expected);
  }
}

TEST_CASE("where a template starts and ends") {
  const std::pair<const char*, const char*> kCases[] = {
      {"failure_template=<<E\n\nb\nE \n E\nEE\nE\n", "b\nE \n E\nEE\n"},
      {"  failure_template\t= <<  E X \t\n\nb\nE\nE X\n", "b\nE\n"},
      {"failure_template = one line of $mail_name \n", "one line of $mail_name\n"},
      {"failure_template = <<E'F\r\n\r\nb\r\nE'F\r\n", "b\n"},
      {"failure_template = <<E\n\nb\nE", "b\n"},
      {"failure_template = <<E\n\na\nE\nfailure_template = <<E\n\nb\nE\n", "b\n"},
      {"delay_template = <<E\nfailure_template = <<F\nE\nfailure_template = <<E\n\nb\nE\n", "b\n"}};
  for (const auto& one : kCases) {
    const auto& [text, expected] = one;
    CAPTURE(one.first);
    const auto templates = parsed(text);
    CHECK(templates.of(kFailure).text == expected);
    CHECK(templates.warnings().empty());
  }
}

TEST_CASE("what is no template file is an error with its line") {
  const std::pair<std::string, const char*> kCases[] = {
      {"\nhello\n", "f, line 2: missing '=' after attribute name: \"hello\""},
      {kStart + "\nb\nEOF\n more\n", "f, line 5: missing '=' after attribute name: \"more\""},
      {"= x\n", "f, line 1: missing attribute name: \"= x\""},
      {"# c\nfailure_template = <<\n", "f, line 2: missing end marker after <<"},
      {"failure_template = <<'EOF'\n\nb\nEOF\n", "f, line 1: malformed end marker after <<"},
      {std::string("# c\n\na\0b\n", 8), "f, line 3: NUL byte in text"},
      {std::string(kLongestTemplateFile + 1, '\n'), "f: file is too large"}};
  for (const auto& [text, expected] : kCases) CHECK(error_of(text) == expected);
  CHECK(error_of(std::string(kLongestTemplateFile, '\n')).empty());
}

TEST_CASE("a template that cannot be used leaves the built-in one and a warning") {
  const std::string ignored = " in failure template -- ignoring this template";
  const std::pair<std::string, std::string> kCases[] = {
      {"X-Foo: x\n\nb\n", "unknown \"X-Foo\" header label" + ignored},
      {"Subject: \n\nb\n", "empty \"Subject\" header value" + ignored},
      {"Subject: Grüße\n\nb\n", "non-ASCII \"Subject\" header value" + ignored},
      {"From: a\x01@b\n\nb\n", "control character in \"From\" header value" + ignored},
      {"From: a\rSubject: b\n\nb\n", "control character in \"From\" header value" + ignored},
      {"Subject: s\n\n \n", "missing message text" + ignored},
      {"", "missing message text" + ignored},
      {"\nGrüße\n", "8-bit message text in failure template"},
      {"Charset: US-ascii \n\nGrüße\n", "8-bit message text in failure template"}};
  for (const auto& one : kCases) {
    const auto& [text, expected] = one;
    CAPTURE(one.first);
    const auto templates = parsed(kStart + text + "EOF\n");
    REQUIRE(!templates.warnings().empty());
    CHECK(templates.warnings()[0] == "f: " + expected);
    CHECK(templates.of(kFailure).origin == kBuiltIn);
    CHECK(templates.of(kFailure).subject == standard_template(kFailure).subject);
  }
}

TEST_CASE("the postmaster gets no copy of a success, and so it has no subject") {
  const auto templates = parsed("success_template = <<E\nPostmaster-Subject: s\n\nb\nE\n");
  REQUIRE(templates.warnings().size() == 1);
  CHECK(templates.warnings()[0] ==
        "f: inapplicable \"Postmaster-Subject\" header label in success template -- ignoring this template");
}

TEST_CASE("warnings about the file name the line on which the entry starts") {
  const auto templates = parsed("\nother = 1\n" + kStart + "\nb\n");
  REQUIRE(templates.warnings().size() == 2);
  CHECK(templates.warnings()[0] == "f, line 2: unknown template name: other -- ignoring this template");
  CHECK(templates.warnings()[1] == "f, line 3: missing \"EOF\" end marker");
  CHECK(templates.of(kFailure).text == "b\n");
}

TEST_CASE("a template that is written is read again as the same one") {
  for (const std::string text : {"b\n", "EOF\nEOF1\n", "Subject: no header\n\n$x\n", "EOF \n"}) {
    auto one = standard_template(kFailure);
    one.text = text;
    const auto again = parsed(in_file_format(one)).of(kFailure);
    CHECK(again.text == text);
    CHECK(in_file_format(again) == in_file_format(one));
  }
  CHECK(here_document("name", "EOF\n") == "name = <<EOF1\nEOF\nEOF1\n");
}

TEST_CASE("the built-in templates are usable as they are") {
  const Settings settings(*MainCf::parse("myhostname = mail.example.com\ndelay_warning_time = 4h\n"));
  for (const auto kind : kBounceKinds) {
    const auto one = standard_template(kind);
    CHECK(parsed(in_file_format(one)).warnings().empty());
    CHECK(one.postmaster_subject.empty() == (kind == BounceKind::success || kind == BounceKind::verify));
    const auto text = expanded_text(one, settings, [](std::string_view what) { FAIL(what); });
    REQUIRE(text.has_value());
    CHECK(text->find("mail.example.com") != std::string::npos);
    CHECK(text->find('$') == std::string::npos);
    for (const auto line : split_fields(*text, '\n')) CHECK(line.size() <= 78);
  }
}

TEST_CASE("names in the text are parameters") {
  const auto main = "a = 1$b\nb = $$x\ne =\nmydomain = example.com\n";
  CHECK(expanded("$a ${b} $(mydomain) $$ $e|\n\n \n", main) == "1$x $x example.com $ |\n\n \n");
  CHECK(expanded("${a?{yes}:{no}} ${nope?{yes}:{no}} ${e:none} ${{$a} == {1$$x} ? {x} : {y}}\n", main) ==
        "yes no none x\n");
}

TEST_CASE("times come in the unit that their name asks for, rounded down") {
  const auto main = "delay_warning_time = 100000s\nmaximal_queue_lifetime = 30\n";
  CHECK(expanded("$delay_warning_time_hours ${delay_warning_time_days} $delay_warning_time\n", main) ==
        "27 1 100000s\n");
  CHECK(expanded("$maximal_queue_lifetime_weeks $(maximal_queue_lifetime_hours)\n", main) == "4 720\n");
  CHECK(expanded("$delay_warning_time_seconds\n", "delay_warning_time = 0\n") == "0\n");
  CHECK(expanded("$delay_warning_time_seconds\n", "delay_warning_time = 999s\n") == "999\n");
}

TEST_CASE("a time that nobody reads with ease is a warning") {
  CHECK(
      expanded("$delay_warning_time_hours\n", "delay_warning_time = 3599s\n") ==
      "warning: f: zero result in failure template conversion of parameter \"delay_warning_time_hours\"\n"
      "warning: please reduce time unit \"hours\" of \"delay_warning_time_hours\" in failure template\n0\n");
  CHECK(expanded("$delay_warning_time_seconds\n", "delay_warning_time = 1000s\n") ==
        "warning: f: excessive result \"1000\" in failure template conversion of parameter "
        "\"delay_warning_time_seconds\"\nwarning: please increase time unit \"seconds\" of "
        "\"delay_warning_time_seconds\" in failure template\n1000\n");
}

TEST_CASE("a text that cannot be expanded is an error with the line as it is written") {
  const auto main = "c = $c\ndelay_warning_time = soon\n";
  const std::pair<const char*, const char*> kCases[] = {
      {"ok\n\tto $nope\n", "error: f: undefined $name in failure template: \tto $nope"},
      {"a ${mail_name?$nope}\n", "error: f: undefined $name in failure template: a ${mail_name?$nope}"},
      {"5$ or $nope\n",
       "warning: empty macro name: \"$ or $nope\"\nerror: f: bad $name syntax in failure template: 5$ or "
       "$nope"},
      {"${nope\n}\n",
       "warning: truncated macro reference: \"${nope\"\n"
       "error: f: bad $name syntax in failure template: ${nope"},
      {"$delay_warning_time_years\n",
       "error: f: unrecognized suffix \"years\" in parameter \"delay_warning_time_years\""},
      {"$delay_warning_time_hours\n", "error: parameter delay_warning_time: bad time value or unit: soon"},
      {"$c\n", "error: parameter c: unreasonable macro call nesting: \"c\""}};
  for (const auto& one : kCases) {
    const auto& [text, expected] = one;
    CAPTURE(one.first);
    CHECK(expanded(text, main) == expected);
  }
}

TEST_CASE("an expanded text has a limit") {
  std::string text, main = "big = " + std::string(1000, 'x') + "\n";
  for (int i = 0; i < 1040; ++i) text += "$big\n";
  CHECK(expanded(text, main).size() == 1040 * 1001);
  for (int i = 0; i < 10; ++i) text += "$big\n";
  CHECK(expanded(text, main) == "error: f: expanded text of failure template is too large");
}
