#include "queue/cleanup/checks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "queue/cleanup/action.h"
#include "tests/lib/table/answer.h"
#include "tests/queue/cleanup/settings.h"

using namespace postern;
using namespace postern::cleanup;

namespace {

// What a check left of a message, and what it said.
struct Checked {
  std::string received, text, spool;
  Verdict verdict;
  std::int64_t growth = 0;
  std::vector<std::string> log;
  std::string reply() const {
    if (!verdict.refusal) return {};
    return concat(verdict.refusal->code, ' ', verdict.refusal->dsn, ' ', verdict.refusal->text);
  }
};

std::string all_of(int file) {
  std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
  REQUIRE(::pread(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  return text;
}

std::vector<std::string> lines_of(std::string_view log) {
  std::vector<std::string> lines;
  for (const auto line : split_fields(log, '\n')) {
    const auto start = line.find("]: ");
    if (start != std::string_view::npos) lines.emplace_back(line.substr(start + 3));
  }
  return lines;
}

Checked check(const std::string& main_cf, std::string text, std::optional<std::string> spool = std::nullopt,
              std::string received = "Received: by x; now\n") {
  const Fd log(::memfd_create("log", MFD_CLOEXEC));
  log::open({"cleanup", "", log::Target::descriptor, Fd(::fcntl(log.get(), F_DUPFD_CLOEXEC, 3))});
  auto checks = Checks::open(testing::settings(main_cf));
  if (!checks) FAIL(checks.error().text);
  net::Loop loop;
  Content content{std::move(received), std::move(text)};
  Fd file;
  if (spool) {
    file = Fd(::memfd_create("spool", MFD_CLOEXEC));
    REQUIRE(::write(file.get(), spool->data(), spool->size()) == static_cast<ssize_t>(spool->size()));
    content.spool = file.get();
  }
  const Checks::Told told{"4D", "from h[192.0.2.7]; from=<a@x> to=<b@y> proto=ESMTP helo=<h>"};
  auto task = (*checks)->apply(loop, content, told);
  task.handle().resume();
  loop.poll();
  REQUIRE(task.done());
  auto verdict = task.handle().promise().take();
  REQUIRE(verdict);
  log::flush();
  Checked checked{content.received,    content.text,   {},
                  std::move(*verdict), content.growth, lines_of(all_of(log.get()))};
  if (spool) checked.spool = all_of(file.get());
  return checked;
}

const std::string kLetter =
    "Subject: spam\nX-Keep: y\nContent-Type: multipart/mixed; boundary=b\n\nfirst\nbad line\n"
    "--b\nContent-Type: text/evil\n\nbad line\n--b\nContent-Type: message/rfc822\n\nX-Inner: "
    "z\n\nend\n--b--\n";

std::string changed(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

TEST_CASE("Nothing to look for is known at once") {
  CHECK_FALSE((*Checks::open(testing::settings("")))->any());
  CHECK((*Checks::open(testing::settings("body_checks = static:OK\n")))->any());
  CHECK((*Checks::open(testing::settings("message_strip_characters = \\0\n")))->any());
}

TEST_CASE("Each action does what it says, and says so in the log") {
  const std::string tail = " from h[192.0.2.7]; from=<a@x> to=<b@y> proto=ESMTP helo=<h>";
  struct {
    std::string_view action, log, result;
  } const cases[] = {
      {"DUNNO", "", "Subject: spam\n"},
      {"OK", "", "Subject: spam\n"},
      {"WARN look here", "warning: header Subject: spam*: look here", "Subject: spam\n"},
      {"INFO", "info: header Subject: spam*", "Subject: spam\n"},
      {"IGNORE", "", ""},
      {"strip too long", "strip: header Subject: spam*: too long", ""},
      {"PREPEND X-Spam: yes", "prepend: header Subject: spam*: X-Spam: yes", "X-Spam: yes\nSubject: spam\n"},
      {"REPLACE Subject: ham", "replace: header Subject: spam*: Subject: ham", "Subject: ham\n"},
      {"PREPEND nonsense",
       "warning: 4D: bad PREPEND header text \"nonsense\" in header_checks map -- need \"headername: "
       "headervalue\"",
       "Subject: spam\n"},
      {"REPLACE", "warning: 4D: REPLACE action without text in header_checks map", "Subject: spam\n"},
      {"FILTER nowhere",
       "warning: 4D: bad FILTER command \"nowhere\" in header_checks map -- need transport:destination",
       "Subject: spam\n"},
      {"BCC nobody", "warning: 4D: bad BCC target \"nobody\" in header_checks map -- need user@domain",
       "Subject: spam\n"},
      {"JUMP high", "warning: 4D: unknown command in header_checks map: JUMP high", "Subject: spam\n"},
      {"HOLD why", "hold: header Subject: spam*: why", "Subject: spam\n"},
      {"FILTER smtp:[f.example]", "filter: header Subject: spam*: smtp:[f.example]", "Subject: spam\n"},
      {"REDIRECT r@x.example", "redirect: header Subject: spam*: r@x.example", "Subject: spam\n"},
      {"BCC c@x.example", "bcc: header Subject: spam*: c@x.example", "Subject: spam\n"},
      {"PASS", "pass: header Subject: spam*", "Subject: spam\n"},
      {"DISCARD", "discard: header Subject: spam*", "Subject: spam\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.action);
    const auto checked = check(concat("header_checks = inline:{ {Subject: spam=", c.action, "} }\n"),
                               "Subject: spam\nX-Keep: y\n\nbody\n");
    CHECK(checked.text == concat(c.result, "X-Keep: y\n\nbody\n"));
    CHECK_FALSE(checked.verdict.refusal);
    std::string log(c.log);
    if (log.find('*') != std::string::npos) log = "4D: " + changed(log, "*", tail);
    CHECK(checked.log == (log.empty() ? std::vector<std::string>() : std::vector<std::string>{log}));
  }
  const auto verdict = [](std::string_view action) {
    return check(concat("header_checks = inline:{ {Subject: spam=", action, "} }\n"), "Subject: spam\n\n")
        .verdict;
  };
  CHECK(verdict("HOLD").hold);
  CHECK(verdict("DISCARD").discard);
  CHECK(verdict("FILTER a:b").filter == "a:b");
  CHECK(verdict("REDIRECT r@x").redirect == "r@x");
  CHECK(verdict("BCC c@x").copies == std::vector<std::string>{"c@x"});
}

TEST_CASE("A rejection has its reply and its line") {
  struct {
    std::string_view action, reply;
  } const cases[] = {
      {"REJECT", "550 5.7.1 message content rejected"},
      {"REJECT no spam here", "550 5.7.1 no spam here"},
      {"REJECT 5.6.7 no", "550 5.6.7 no"},
      {"REJECT 4.3.2 come back", "451 4.3.2 come back"},
      {"REJECT 2.0.0 odd", "550 5.7.1 odd"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.action);
    const auto checked =
        check(concat("body_checks = inline:{ {bad line=", c.action, "} }\n"), "X: y\n\nbad line\n");
    CHECK(checked.reply() == c.reply);
    REQUIRE(checked.log.size() == 1);
    CHECK(checked.log[0] ==
          concat("4D: reject: body bad line from h[192.0.2.7]; from=<a@x> to=<b@y> proto=ESMTP "
                 "helo=<h>: ",
                 c.reply.substr(4)));
  }
}

TEST_CASE("Each part of a message has its tables") {
  const std::string drop = "=IGNORE} ";
  CHECK(check("header_checks = inline:{ {Subject: spam" + drop + "{Content-Type: text/evil" + drop +
                  "{X-Inner: z" + drop + " }\n",
              kLetter)
            .text ==
        changed(changed(changed(kLetter, "Subject: spam\n", ""), "Content-Type: text/evil\n", ""),
                "X-Inner: z\n", ""));
  const std::string all = " = inline:{ {Subject: spam" + drop + "{Content-Type: text/evil" + drop +
                          "{X-Inner: z" + drop + "{bad line" + drop + " }\n";
  CHECK(check("mime_header_checks" + all, kLetter).text == changed(kLetter, "Content-Type: text/evil\n", ""));
  CHECK(check("nested_header_checks" + all, kLetter).text == changed(kLetter, "X-Inner: z\n", ""));
  CHECK(check("body_checks" + all, kLetter).text == changed(kLetter, "bad line\n", ""));
  CHECK(check("body_checks" + all + "body_checks_size_limit = 3\n", kLetter).text ==
        changed(kLetter, "\n\nbad line\n", "\n\n"));
  CHECK(check("header_checks" + all + "disable_mime_input_processing = yes\n", kLetter).text ==
        changed(kLetter, "Subject: spam\n", ""));
}

TEST_CASE("Our own Received field is checked too") {
  const std::string main_cf = "header_checks = inline:{ {Received: by x; now=IGNORE} }\n";
  CHECK(check(main_cf, "Subject: x\n\n").received.empty());
  CHECK(check(main_cf, "Subject: x\n\n", std::nullopt, "Received: by z\n").received == "Received: by z\n");
}

TEST_CASE("A folded field is one text, and what follows a line is one line") {
  CHECK(check("header_checks = inline:{ {Subject: a\\n b=IGNORE} }\n", "Subject: a\n b\nX: y\n\n").text ==
        "Subject: a\n b\nX: y\n\n");
  CHECK(check("body_checks = inline:{ {last=PREPEND before} }\n", "X: y\n\nlast").text ==
        "X: y\n\nbefore\nlast");
  CHECK(check("body_checks = inline:{ {last=REPLACE other} }\n", "X: y\n\nlast\n").text == "X: y\n\nother\n");
}

TEST_CASE("Characters are refused, or removed before anything is looked at") {
  CHECK(check("message_strip_characters = \\0\\r\nbody_checks = inline:{ {ab=REPLACE hit} }\n",
              std::string("X: y\0\n\na\rb\n", 11))
            .text == "X: y\n\nhit\n");
  const auto refused = check("message_reject_characters = \\0\n", std::string("X: y\n\na\0b\n", 10));
  CHECK(refused.reply() == "550 5.7.1 disallowed character");
  CHECK(refused.log.at(0).starts_with("4D: reject: content a?b from h[192.0.2.7];"));
  CHECK(unescape("\\a\\b\\f\\n\\r\\t\\v\\\\\\101\\0x\\q") == std::string("\a\b\f\n\r\t\v\\A\0xq", 12));
}

TEST_CASE("A table that fails refuses the message for now") {
  const auto checked = check("header_checks = fail:down\n", "X: y\n\n");
  CHECK(checked.reply() == "451 4.3.0 Error: queue file write error");
  CHECK(checked.log.back() ==
        "warning: 4D: header_checks map lookup problem -- message not accepted, try again later");
}

TEST_CASE("What stands in a file is checked and changed there") {
  std::string body;
  for (int n = 0; n < 20000; ++n) body += concat("line ", n, n % 100 == 7 ? " and more of it\n" : "\n");
  const std::string header = "X: y\n\n";
  const std::string limit = "body_checks_size_limit = 0\n";
  struct {
    std::string_view checks, from, to;
  } const cases[] = {
      {"{nothing=IGNORE}", "", ""},
      {"{line 5=IGNORE} {line 19999=IGNORE}", "line 5\n", ""},
      {"{line 5=REPLACE this one is much longer than it was} {line 12345=PREPEND x}", "line 5\n",
       "this one is much longer than it was\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.checks);
    std::string expected = body;
    if (!c.from.empty()) {
      const auto at = expected.find(c.from);
      expected.replace(at, c.from.size(), c.to);
    }
    if (c.checks.find("19999") != std::string_view::npos) expected = changed(expected, "line 19999\n", "");
    if (c.checks.find("12345") != std::string_view::npos)
      expected = changed(expected, "line 12345\n", "x\nline 12345\n");
    const auto checked = check(concat(limit, "body_checks = inline:{ ", c.checks, " }\n"), header, body);
    CHECK(checked.text == header);
    CHECK((checked.spool == expected));
    CHECK(checked.growth ==
          static_cast<std::int64_t>(expected.size()) - static_cast<std::int64_t>(body.size()));
  }
  CHECK(check(limit + "body_checks = inline:{ {line 19998=REJECT far down} }\n", header, body).reply() ==
        "550 5.7.1 far down");
  CHECK((check(limit + "message_strip_characters = i\n", header, body).spool == changed(body, "i", "")));
}

TEST_CASE("A field that is cut between memory and file stays whole") {
  const std::string rest = "ong\n more\nX-Next: y\n\nbody\n";
  const auto same = check("header_checks = inline:{ {X-Other: z=IGNORE} }\n", "X-First: 1\nX-Long: l", rest);
  CHECK(same.text + same.spool == "X-First: 1\nX-Long: l" + rest);
  const auto cut = check("header_checks = inline:{ {X-Next: y=IGNORE} }\n", "X-First: 1\nX-Long: l", rest);
  CHECK(cut.text + cut.spool == "X-First: 1\nX-Long: long\n more\n\nbody\n");
  CHECK(cut.growth == static_cast<std::int64_t>(cut.spool.size()) - static_cast<std::int64_t>(rest.size()));
}
