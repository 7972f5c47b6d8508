#include "tests/lib/check/fixture.h"

using namespace postern;
using namespace postern::check;

TEST_CASE("values of main.cf have the type and the bounds of their parameter") {
  const std::vector<Case> cases{
      {"smtpd_timeout = soon\n",
       {"error main.cf:1 bad time configuration: smtpd_timeout = soon: bad time value or unit"}},
      {"smtpd_helo_required = perhaps\n",
       {"error main.cf:1 bad boolean configuration: smtpd_helo_required = perhaps: neither yes nor no"}},
      {"\ndefault_process_limit = 0\n",
       {"error main.cf:2 invalid default_process_limit parameter value 0 < 1"}},
      {"reject_code = 700\n", {"error main.cf:1 invalid reject_code parameter value 700 > 599"}},
      {"myhostname =\n", {"error main.cf:1 invalid myhostname parameter length 0 < 1"}},
      {"mynetworks_style = galaxy\n",
       {"error main.cf:1 bad string configuration: mynetworks_style = galaxy: none of host subnet "
        "class"}},
      {"zen = zen.test=127.0.0.[2..4]\npostscreen_dnsbl_sites = $zen*3, low.test*-2\n", {}},
      {"postscreen_dnsbl_sites = zen.test*3 low.test=127.0.0\n",
       {"error main.cf:1 postscreen_dnsbl_sites: low.test=127.0.0: not four numbers: \"127.0.0\""}},
      {"postscreen_allowlist_interfaces = 300.1.1.1\n",
       {"error main.cf:1 postscreen_allowlist_interfaces: bad network address: \"300.1.1.1\""}},
      {"postscreen_allowlist_interfaces = !192.0.2.2, static:all\n", {}},
      {"postscreen_upstream_proxy_protocol =\n", {}},
      {"postscreen_upstream_proxy_protocol = haproxi\n",
       {"error main.cf:1 postscreen_upstream_proxy_protocol: unknown protocol: haproxi"}},
      {"dns_servers = 192.0.2.1 [::1]:53 127.0.0.1:5353\n", {}},
      {"dns_servers = 192.0.2.1 ns.example\n",
       {"error main.cf:1 dns_servers: not a DNS server's address: ns.example"}},
      {"smtpd_tls_security_level = May\npostscreen_tls_security_level =\n", {}},
      {"smtpd_tls_security_level = mya\n",
       {"error main.cf:1 smtpd_tls_security_level: Invalid TLS level \"mya\""}},
      {"postscreen_tls_security_level = dane\n", {}},
      {"postscreen_tls_security_level = yes\n",
       {"error main.cf:1 postscreen_tls_security_level: Invalid TLS level \"yes\""}},
      {"postscreen_dnsbl_ttl = 2h\n", {}},
      {"postscreen_access_list = permit_mynetworks, static:permit, inline:{a=dunno}, REJECT\n", {}},
      {"postscreen_access_list = permit_mynetwork\n",
       {"warning main.cf:1 postscreen_access_list: unknown command: permit_mynetwork: did you mean "
        "permit_mynetworks?; screen ignores it and what stands behind it"}},
      {"postscreen_access_list = nosuch:x\n",
       {"warning main.cf:1 postscreen_access_list: unknown table type: nosuch (in \"nosuch:x\")"}},
      {"postscreen_dnsbl_reply_map = inline:{ a = b }\n",
       {"error main.cf:1 postscreen_dnsbl_reply_map: inline:{ a = b }: missing '=' in \"a\""}},
      {"mynetworks = 192.0.2.0/33\n", {"error main.cf:1 mynetworks: bad prefix length: \"192.0.2.0/33\""}},
      {"smtp_connect_timeout = x\n",
       {"error main.cf:1 bad time configuration: smtp_connect_timeout = x: bad time value or unit"}},
      {"mydestination = {a\n",
       {"error main.cf:1 bad list configuration: mydestination = {a: missing '}' in \"{a\""}},
      {"myorigin = /nonexistent/name\n",
       {"error main.cf:1 myorigin: open /nonexistent/name: No such file or directory"}},
      {"postscreen_cache_map = pcre:$data_directory/x\n",
       {"error main.cf:1 postscreen_cache_map: pcre:DIR/data/x: nothing can be written to a table of type "
        "pcre"}},
      {"postscreen_cache_map = proxy:lmdb:$data_directory/x\n", {}},
      {"postscreen_cache_map =\n", {}},
      {"default_process_limit = 7\n", {}},  // too low for a default of a program that is not there
  };
  check_cases(System(), cases);
}

TEST_CASE("values of -o are judged with the other -o of their service, and named with their own line") {
  const std::vector<Case> cases{
      {"26 inet n - n - - smtpd\n# why\n -o smtpd_timeout=never -o max_use=5\n -o {max_idle = later}\n",
       {"error master.cf:11 service 26: -o bad time configuration: smtpd_timeout = never: bad time value "
        "or unit",
        "error master.cf:12 service 26: -o bad time configuration: max_idle = later: bad time value or "
        "unit"}},
      {"26 inet n - n - - smtpd -o mine=no\n -o smtpd_timeout=$mine\n",
       {"error master.cf:10 service 26: -o bad time configuration: smtpd_timeout = no: bad time value or "
        "unit"}},
      {"26 inet n - n - - smtpd\n -v\n -omax_use=x\n",
       {"error master.cf:11 service 26: -o bad numerical configuration: max_use = x: not a number"}},
      {"26 inet n - n - - smtpd -o syslog_name=x/$service_name\n", {}},
      {"26 inet n - n - - smtpd -o mynetworks=1.2.3\n",
       {"error master.cf:9 service 26: -o mynetworks: bad network address: \"1.2.3\""}},
  };
  check_entries(System(), cases);
}

TEST_CASE("values that cannot be expanded") {
  const std::vector<Case> cases{
      {"smtpd_banner = $smtpd_banner\n",
       {"error main.cf:1 parameter smtpd_banner: unreasonable macro call nesting: \"smtpd_banner\""}},
      {"smtpd_banner = ${x\n",
       {"warning main.cf:1 smtpd_banner refers to an undefined parameter: $x",
        "error main.cf:1 parameter smtpd_banner: truncated macro reference: \"${x\""}},
      {"smtpd_banner = $mine\nmine = ${myhostname?{a}b}\n",
       {"error main.cf:1 parameter smtpd_banner: macro syntax error: \"?{a}b\"",
        "error main.cf:2 parameter mine: macro syntax error: \"?{a}b\""}},
  };
  check_cases(System(), cases);
}

TEST_CASE("references to names that nobody defines") {
  const std::vector<Case> cases{
      {"smtpd_banner = $myhostnam ESMTP\n",
       {"warning main.cf:1 smtpd_banner refers to an undefined parameter: $myhostnam: "
        "did you mean myhostname?"}},
      {"smtpd_banner = ${zzzzzz?{a}} $zzzzzz\n",
       {"warning main.cf:1 smtpd_banner refers to an undefined parameter: $zzzzzz"}},
      {"smtpd_banner = $mine\nmine = x\n", {}},
      {"smtpd_banner = $myhostname $mail_name $$ $virtual_maps\n", {}},
      {"forward_path = $home/.forward${extension}\n", {}},
  };
  check_cases(System(), cases);
  const std::vector<Case> more{
      {"26 inet n - n - - smtpd -o smtpd_banner=$mine -o mine=x\n", {}},
      {"26 inet n - n - - smtpd\n -o {smtpd_banner = ESMTP $mine}\n",
       {"warning master.cf:10 service 26: -o smtpd_banner refers to an undefined parameter: $mine"}},
  };
  check_entries(System(), more);
}

TEST_CASE("a comment behind the words of a list") {
  const std::vector<Case> cases{
      {"mydestination = $myhostname # and more\n",
       {"warning main.cf:1 mydestination: #comment after other text is not allowed: # and more"}},
      {"smtpd_recipient_restrictions = permit_mynetworks # ours\n  reject\n",
       {"warning main.cf:1 smtpd_recipient_restrictions: #comment after other text is not "
        "allowed: # ours  reject"}},
      {"virtual_alias_maps = static:a #b\n",
       {"warning main.cf:1 virtual_alias_maps: #comment after other text is not allowed: #b"}},
      {"relay_domains = # none\n",
       {"warning main.cf:1 relay_domains: #comment after other text is not allowed: # none"}},
      {"smtpd_banner = $myhostname # is fine here\n", {}},
      {"mydestination = a#b\n", {}},
      {"mydestination = a,\n# a comment of its own\n  b\n", {}},
  };
  check_cases(System(), cases);
}

TEST_CASE("what has no effect yet is a note") {
  CHECK(System().notes("smtpd_proxy_filter = 127.0.0.1:10025\n") ==
        Lines{"note main.cf:1 smtpd_proxy_filter has no effect in this version"});
}
