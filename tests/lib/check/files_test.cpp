#include <unistd.h>

#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("directories that cannot be used") {
  const std::vector<Case> cases{
      {"queue_directory = relative\n",
       {"error main.cf:1 parameter queue_directory: relative: not an absolute path"}},
      {"data_directory = /nonexistent/data\n",
       {"error main.cf:1 parameter data_directory: /nonexistent/data: there is no directory "
        "/nonexistent"}},
      {"queue_directory = /dev/null\n",
       {"error main.cf:1 parameter queue_directory: /dev/null: not a directory"}},
      {"maillog_file = /nonexistent/log\n",
       {"error main.cf:1 parameter maillog_file: /nonexistent/log: there is no directory /nonexistent"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("files of certificates and keys") {
  const System system;
  system.write("key.pem", "secret", 0644);
  system.write("good.pem", "key", 0600);
  const std::vector<Case> cases{
      {"smtpd_tls_cert_file = /nonexistent.pem\n",
       {"warning main.cf:1 smtpd_tls_cert_file: /nonexistent.pem: No such file or directory"}},
      {"smtpd_tls_cert_file = none\nsmtpd_tls_dh1024_param_file = auto\nsmtp_tls_CAfile =\n", {}},
      {"smtpd_tls_chain_files = $config_directory/good.pem, /nonexistent.pem\n",
       {"warning main.cf:1 smtpd_tls_chain_files: /nonexistent.pem: No such file or directory"}},
      {"smtp_tls_CApath = /nonexistent\n",
       {"warning main.cf:1 smtp_tls_CApath: /nonexistent: No such file or directory"}},
      {"smtpd_tls_key_file = $config_directory/key.pem\n",
       {"warning main.cf:1 smtpd_tls_key_file: others may read this private key: chmod o-r DIR/key.pem"}},
      {"smtpd_tls_eckey_file = $config_directory/good.pem\n", {}},
  };
  check_cases(system, cases);
}

TEST_CASE("users that are not there") {
  if (::geteuid() != 0) return;  // nobody else changes user
  const std::vector<Case> cases{
      {"mail_owner = nosuchuser\n", {"error main.cf:1 parameter mail_owner: unknown user: nosuchuser"}},
      {"mail_owner = root\n", {"error main.cf:1 parameter mail_owner: root is root"}},
      {"setgid_group = nosuchgroup\n",
       {"error main.cf:1 parameter setgid_group: unknown group: nosuchgroup"}},
  };
  check_cases(System(), cases);
}

TEST_CASE("files that others may write") {
  const System system;
  system.write("main.cf", "", 0666);
  CHECK(system.judge("") == Lines{"warning main.cf:0 group or others may write it: chmod go-w DIR/main.cf"});
}
