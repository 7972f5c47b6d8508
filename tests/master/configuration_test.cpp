// From the two files to services: every field of master.cf, its default, and what is said about one that is wrong.
#include "master/configuration.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "lib/base/text.h"
#include "master/endpoint.h"
#include "tests/lib/base/temporary_directory.h"

using namespace postern;
using namespace postern::master;

namespace {

// A directory with programs; both files are texts.
class Files {
 public:
  Files() {
    std::filesystem::create_directory(path("programs"));
    for (const char* name : {"smtpd", "discard", "qmgr", "ours"}) program(name);
  }

  std::string path(const std::string& name) const { return concat(directory_.path(), "/", name); }
  void program(const std::string& name, mode_t mode = 0755) const {
    std::ofstream(path("programs/" + name)) << "#!/bin/sh\n";
    ::chmod(path("programs/" + name).c_str(), mode);
  }

  Result<std::unique_ptr<Configuration>> read(const std::string& master, const std::string& main = "") const {
    std::string all = concat(main, "queue_directory = ", path("queue"), "\ndata_directory = ", path("data"),
                             "\ndaemon_directory = ", path("programs"), "\nmail_owner = nobody\n",
                             "setgid_group = nogroup\nmyhostname = mail.example.com\n");
    if (main.find("inet_protocols") == std::string::npos) all += "inet_protocols = ipv4\n";
    if (main.find("inet_interfaces") == std::string::npos) all += "inet_interfaces = 127.0.0.1\n";
    return read_configuration(directory_.path(), {all, master});
  }

  // The only service.
  Service service(const std::string& entry, const std::string& main = "") const {
    auto configuration = read(entry, main);
    REQUIRE_MESSAGE(configuration, (configuration ? "" : configuration.error().text));
    REQUIRE((*configuration)->services.size() == 1);
    return (*configuration)->services[0];
  }

  // Where services listen, "KEY KEY | KEY"; or why nothing is read, with our directory left out.
  std::string listens(const std::string& master, const std::string& main = "") const {
    const auto configuration = read(master, main);
    if (!configuration) return error_of(configuration);
    std::string all;
    for (const Service& service : (*configuration)->services) {
      if (!all.empty()) all += " |";
      for (const Address& address : service.addresses) all += concat(all.empty() ? "" : " ", address.key);
    }
    return all;
  }

  std::string error(const std::string& master, const std::string& main = "") const {
    const auto configuration = read(master, main);
    return configuration ? "no error" : error_of(configuration);
  }

  std::string without_directory(std::string text) const {
    const std::string prefix = concat(directory_.path(), "/");
    for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }

 private:
  std::string error_of(const Result<std::unique_ptr<Configuration>>& configuration) const {
    return without_directory(configuration.error().text);
  }

  TemporaryDirectory directory_;
};

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("the fields of an entry, and what a dash stands for") {
  const Files files;
  const struct {
    const char* entry;
    bool is_private, unprivileged, chroot;
    int wakeup;
    bool if_used;
    unsigned limit;
  } rows[] = {
      {"x unix - - - - - discard", true, true, false, 0, false, 100},
      {"x unix y y y 60 1 discard", true, true, true, 60, false, 1},
      {"x unix n n n 1000? 0 discard", false, false, false, 1000, true, 0},
      {"x unix-dgram n - - 0 7 ours", false, true, false, 0, false, 7},
      {"2525 inet n - y 0? 2147483647 smtpd", false, true, true, 0, true, 2147483647},
  };
  for (const auto& row : rows) {
    CAPTURE(row.entry);
    const Service service = files.service(row.entry);
    CHECK(service.is_private == row.is_private);
    CHECK(service.unprivileged == row.unprivileged);
    CHECK(service.chroot == row.chroot);
    CHECK(service.wakeup == seconds(row.wakeup));
    CHECK(service.wakeup_if_used == row.if_used);
    CHECK(service.limit == row.limit);
    CHECK(service.fault.empty());
    CHECK(service.line == 1);
  }
  CHECK(files.service("x unix - - - - - discard", "default_process_limit = 7\n").limit == 7);
}

TEST_CASE("the default of chroot is that of the compatibility level") {
  const Files files;
  const std::pair<const char*, bool> levels[] = {{"0", true}, {"1", false}, {"2", false}, {"3.6", false}};
  for (const auto& row : levels) {
    const auto& [level, chroot] = row;
    CAPTURE(row.first);
    const auto main = concat("compatibility_level = ", level, "\n");
    CHECK(files.service("x unix - - - - - discard", main).chroot == chroot);
    CHECK_FALSE(files.service("x unix - - n - - discard", main).chroot);
    CHECK(files.service("x unix - - y - - discard", main).chroot);
  }
}

TEST_CASE("a command has its arguments as they reach the program") {
  const Files files;
  const std::pair<const char*, List> rows[] = {
      {"discard", {}},
      {"discard -o max_use=1", {"-o", "max_use=1"}},
      {"discard -omax_use=1", {"-omax_use=1"}},
      {"discard -o { max_use = 1 }", {"-o", " max_use = 1 "}},
      {"discard -v -v -D", {"-v", "-v", "-D"}},
      {"discard -vvomax_use=1", {"-vvomax_use=1"}},
      {"discard\n  # a comment\n  -o syslog_name=$service_name\n", {"-o", "syslog_name=$service_name"}},
  };
  for (const auto& row : rows) {
    const auto& [command, arguments] = row;
    CAPTURE(row.first);
    const Service service = files.service(concat("x unix - - - - - ", command), "debugger_command = true\n");
    CHECK(service.program == "discard");
    List plain;
    for (const auto& word : service.arguments) plain.emplace_back(trim(word));
    List wanted;
    for (const auto& word : arguments) wanted.emplace_back(trim(word));
    CHECK(plain == wanted);
  }
  CHECK(files.service("x unix - - - - - { ours } {a b} c").arguments == List{"a b", "c"});
}

TEST_CASE("where services listen") {
  const Files files;
  const struct {
    const char *entry, *main, *keys;
  } rows[] = {
      {"smtp inet n - n - - smtpd", "", "inet:127.0.0.1:25"},
      {"submission inet n - n - - smtpd", "", "inet:127.0.0.1:587"},
      {"2525 inet n - n - - smtpd", "inet_interfaces = all\n", "inet:0.0.0.0:2525"},
      {"2525 inet n - n - - smtpd", "inet_interfaces = loopback-only\n", "inet:127.0.0.1:2525"},
      {"2525 inet n - n - - smtpd", "inet_interfaces = 127.0.0.2, [127.0.0.3] 127.0.0.2\n",
       "inet:127.0.0.2:2525 inet:127.0.0.3:2525"},
      {"2525 inet n - n - - smtpd", "inet_interfaces = localhost\n", "inet:127.0.0.1:2525"},
      {"127.0.0.9:smtp inet n - n - - smtpd", "", "inet:127.0.0.9:25"},
      {"[127.0.0.9]:26 inet n - n - - smtpd", "", "inet:127.0.0.9:26"},
      {"localhost:26 inet n - n - - smtpd", "", "inet:127.0.0.1:26"},
      {"x unix - - - - - discard", "", "unix:private/x"},
      {"x/y.z-1 unix n - - - - discard", "", "unix:public/x/y.z-1"},
      {"x unix-dgram n - - - - ours", "", "unix-dgram:public/x"},
      {"x fifo n - - - - ours", "", "fifo:public/x"},
      {"x pass n - - - - discard", "", "pass:public/x"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.entry);
    CAPTURE(row.main);
    CHECK(files.listens(row.entry, row.main) == row.keys);
  }
}

TEST_CASE("addresses of IPv6, when this kernel has them") {
  const Files files;
  const auto interfaces = interfaces_from({"all"}, {"all"});
  REQUIRE(interfaces);
  if (!interfaces->ipv6) return;
  CHECK(files.listens("[::1]:smtp inet n - - - - smtpd", "inet_protocols = all\n") == "inet:[::1]:25");
  CHECK(files.listens("25 inet n - - - - smtpd", "inet_protocols = ipv6\ninet_interfaces = all\n") ==
        "inet:[::]:25");
  CHECK(files.listens("25 inet n - - - - smtpd", "inet_protocols = all\ninet_interfaces = loopback-only\n") ==
        "inet:127.0.0.1:25 inet:[::1]:25");
}

TEST_CASE("what is wrong is named with file, line and word") {
  const Files files;
  const std::pair<const char*, const char*> rows[] = {
      {"25 inet - - - - - smtpd", "invalid private field \"-\" in \"25 inet - - - - - smtpd\""},
      {"25 inet y - - - - smtpd", "invalid private field \"y\" in \"25 inet y - - - - smtpd\""},
      {"x Unix - - - - - discard", "invalid type field \"Unix\" in \"x Unix - - - - - discard\""},
      {"x unix - m - - - discard", "invalid unprivileged field \"m\" in \"x unix - m - - - discard\""},
      {"x unix - - - ? - discard", "invalid wakeup field \"?\" in \"x unix - - - ? - discard\""},
      {"x unix - - - - -1 discard", "invalid process_limit field \"-1\" in \"x unix - - - - -1 discard\""},
      {"x unix - - - -", "bad field count in \"x unix - - - -\""},
      {"nosuchport inet n - - - - smtpd", "service nosuchport: unknown service name: nosuchport"},
      {"x unix - - - - - discard -o max_use=many",
       "service x: -o bad numerical configuration: max_use = many: not a number"},
      {"q unix n - - - 2 qmgr", "service q: qmgr owns the queue alone: write 1 as its process limit"},
      {"ok pass - - n - - discard",
       "service ok: socket private/ok is already in use by service ok of type unix on line 2"},
  };
  for (const auto& row : rows) {
    const auto& [entry, text] = row;
    CAPTURE(row.first);
    CHECK(files.error(concat("# first\nok unix - - n - - discard\n", entry, "\n")) ==
          concat("master.cf, line 3: ", text));
  }
  CHECK(files.error("# nothing\n") == "master.cf: no service");
  CHECK(files.error("x unix - - - - - discard\n", "max_idle = soon\n") ==
        "main.cf, line 1: bad time configuration: max_idle = soon: bad time value or unit");
  CHECK(
      files.error("x unix - - - - - discard\n", "inet_protocols = ipv5\n").starts_with("main.cf, line 1: "));
  CHECK(files.error("25 inet n - - - - smtpd\n127.0.0.1:25 inet n - - - - smtpd\n",
                    "inet_interfaces = all\n") ==
        "master.cf, line 2: service 127.0.0.1:25: address is already in use by service 25 on line 1");
}

TEST_CASE("of two entries that mean the same the last one counts, with a warning") {
  const Files files;
  const auto same_name = files.read("x unix - - - - 1 discard\nx unix - - - - 2 discard\n");
  REQUIRE(same_name);
  REQUIRE((*same_name)->services.size() == 1);
  CHECK((*same_name)->services[0].limit == 2);
  REQUIRE((*same_name)->warnings.size() == 1);
  CHECK(files.without_directory((*same_name)->warnings[0]) ==
        "master.cf, line 2: duplicate master.cf entry for service \"x\" (unix) -- using the last entry");
  const auto same_port = files.read("smtp inet n - - - 1 smtpd\n25 inet n - - - 2 smtpd\n");
  REQUIRE(same_port);
  REQUIRE((*same_port)->services.size() == 1);
  CHECK((*same_port)->services[0].name == "25");
  REQUIRE((*same_port)->warnings.size() == 1);
  CHECK(files.without_directory((*same_port)->warnings[0]) ==
        "master.cf, line 2: duplicate master.cf entry for service \"25\" (inet) -- using the last entry, not "
        "service smtp on line 1");
}

TEST_CASE("services are disabled by type or by name, and the first pattern that fits decides") {
  const Files files;
  const std::string master =
      "a unix - - - - - discard\nb unix - - - - - discard\n2525 inet n - - - - smtpd\n";
  const std::pair<const char*, const char*> rows[] = {
      {"", "unix:private/a | unix:private/b | inet:127.0.0.1:2525"},
      {"inet", "unix:private/a | unix:private/b"},
      {"a/unix", "unix:private/b | inet:127.0.0.1:2525"},
      {"!a/unix, unix", "unix:private/a | inet:127.0.0.1:2525"},
      {"unix, !a/unix", "inet:127.0.0.1:2525"},
      {"2525/inet b/unix", "unix:private/a"},
      {"a", "unix:private/a | unix:private/b | inet:127.0.0.1:2525"},
      {"unix inet", "master.cf: no service"},
  };
  for (const auto& row : rows) {
    const auto& [patterns, keys] = row;
    CAPTURE(row.first);
    CHECK(files.listens(master, concat("master_service_disable = ", patterns, "\n")) == keys);
  }
}

TEST_CASE("a program that cannot run is a fault of its service, and one that is not needed is not started") {
  const Files files;
  files.program("text", 0644);
  const auto read = files.read(
      "a unix - - - - - nosuch\nb unix - - - - - text\nrewrite unix - - - - - trivial-rewrite\n"
      "d unix - - - - - discard\nbounce unix - - - - 0 bounce\n");
  REQUIRE(read);
  const Configuration& configuration = **read;
  REQUIRE(configuration.services.size() == 3);
  CHECK(files.without_directory(configuration.services[0].fault) ==
        "programs/nosuch: No such file or directory");
  CHECK(files.without_directory(configuration.services[1].fault) == "programs/text: Permission denied");
  CHECK(configuration.services[2].fault.empty());
  REQUIRE(configuration.warnings.size() == 2);
  CHECK(files.without_directory(configuration.warnings[1]) ==
        "master.cf, line 2: service b: cannot run: programs/text: Permission denied");
  REQUIRE(configuration.not_started.size() == 2);
  const NotStarted& folded = configuration.not_started[0];
  CHECK(folded.name == "rewrite");
  CHECK(folded.type == "unix");
  CHECK(folded.program == "trivial-rewrite");
  CHECK(folded.line == 3);
  CHECK(folded.why.starts_with("program trivial-rewrite is not needed: "));
  CHECK(files.without_directory(configuration.not_started[1].why) == "program programs/bounce is not there");
}
