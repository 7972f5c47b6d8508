#include "tests/postconf/postconf_fixture.h"

using postern::postconf::Fixture;

namespace {
const std::string kFile = "verify_template = <<E\nSubject: s\n\non $myhostname\nE\n";
}

TEST_CASE("-t shows a template as it is written, -b as it reads in use") {
  Fixture postconf("myhostname = mail.example.com\n");
  postconf.write("templates", kFile);
  const auto raw = postconf.says({"-t", postconf.path("templates")});
  CHECK(postconf.status == 0);
  CHECK(raw.starts_with("failure_template = <<EOF\nCharset: us-ascii\nFrom: "));
  CHECK(raw.find("EOF\n\ndelay_template = <<EOF\n") != raw.npos);
  CHECK(raw.ends_with("Subject: s\n\non $myhostname\nEOF\n"));
  const auto expanded = postconf.says({"-b", postconf.path("templates")});
  CHECK(postconf.status == 0);
  CHECK(expanded.starts_with("expanded_failure_text = <<EOF\n"));
  CHECK(expanded.ends_with("EOF\n\nexpanded_verify_text = <<EOF\non mail.example.com\nEOF\n"));
}

TEST_CASE(
    "without a name the file is the one that main.cf names, and an empty name is the built-in templates") {
  Fixture postconf("bounce_template_file = $config_directory/templates\n");
  postconf.write("templates", kFile);
  CHECK(postconf.says({"-t"}) == postconf.says({"-t", postconf.path("templates")}));
  CHECK(postconf.says({"-t"}) != postconf.says({"-t", ""}));
  CHECK(postconf.says({"-t", ""}) == Fixture().says({"-t"}));
}

TEST_CASE("a template that fails leaves nothing on standard output") {
  Fixture postconf;
  postconf.write("templates", "foo = 1\nsuccess_template = $nope\n");
  const auto path = postconf.path("templates");
  CHECK(postconf.says({"-b", path}) ==
        "postconf: warning: " + path + ", line 1: unknown template name: foo -- ignoring this template\n" +
            "postconf: fatal: " + path + ": undefined $name in success template: $nope\n");
  CHECK(postconf.status == 1);
}

TEST_CASE("what -t and -b refuse") {
  Fixture postconf;
  CHECK(postconf.says({"-t", "a", "b"}) ==
        "postconf: fatal: options -b and -t require at most one template file\n");
  CHECK(postconf.says({"-tb"}) == "postconf: fatal: specify one of -b and -t\n");
  CHECK(postconf.says({"-b", postconf.path("nope")}) ==
        "postconf: fatal: open " + postconf.path("nope") + ": No such file or directory\n");
  CHECK(postconf.says({"-t", "-o", "a=b"}) == "postconf: fatal: with option -t, do not specify -o\n");
  CHECK(postconf.status == 1);
}
