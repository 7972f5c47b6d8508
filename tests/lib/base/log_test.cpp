#include "lib/base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <vector>

#include "lib/base/log_destination.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "tests/lib/base/temporary_directory.h"

namespace postern {

namespace {

// Opens the log on a descriptor, and closes it again with the test: the log goes back to standard error.
class OpenLog {
 public:
  explicit OpenLog(Fd fd, log::Target target = log::Target::descriptor) {
    REQUIRE(log::lost() == 0);
    log::Setup setup;
    setup.tag = "postfix/test";
    setup.host = "mail";
    setup.target = target;
    setup.fd = std::move(fd);
    log::open(std::move(setup));
  }
  ~OpenLog() { log::open(log::Setup()); }
};

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader = Fd(ends[0]);
    writer = Fd(ends[1]);
    REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 8192) >= 8192);
  }
  std::string read() {
    std::string text;
    char block[4096];
    for (ssize_t n = 0; (n = ::read(reader.get(), block, sizeof block)) > 0;) {
      text.append(block, static_cast<std::size_t>(n));
    }
    return text;
  }
  Fd reader, writer;
};

std::vector<std::string_view> lines(std::string_view text) { return split_words(text, "\n"); }

// True for "Nov 23 04:05:06 ".
bool is_stamp(std::string_view text) {
  if (text.size() != 16 || !is_alpha(text[0])) return false;
  const std::string_view shape = "aaa 99 99:99:99 ";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const char c = text[i];
    const bool fits = shape[i] == 'a' ? is_alpha(c) : shape[i] == '9' ? is_digit(c) || i == 4 : c == shape[i];
    if (!fits) return false;
  }
  return true;
}

// The text of a line after `before`, its time stamp, `host` and the tag; the whole line if it is not so made.
std::string told(std::string_view line, std::string_view host = "mail ", std::string_view before = "") {
  const std::string head = concat(host, "postfix/test[");
  std::string_view rest = line;
  if (!istarts_with(rest, before)) return std::string(line);
  rest.remove_prefix(before.size());
  if (!is_stamp(rest.substr(0, 16)) || !istarts_with(rest.substr(16), head)) return std::string(line);
  rest.remove_prefix(16 + head.size());
  const auto end = rest.find("]: ");
  return std::string(parse_number(rest.substr(0, end)) ? rest.substr(end + 3) : line);
}

Fd append_to(const std::string& path) {
  auto fd = log::open_destination(path);
  REQUIRE(fd);
  return std::move(*fd);
}

}  // namespace

TEST_CASE("a line in the name of another program differs in nothing else") {
  Pipe pipe;
  {
    const OpenLog opened(std::move(pipe.writer));
    log_info("one");
    log::write_as("dnsblog", Level::warning, "two");
    log_info("three");
  }
  const std::string text = pipe.read();
  const auto all = lines(text);
  REQUIRE(all.size() == 3);
  CHECK(told(all[0]) == "one");
  CHECK(told(all[2]) == "three");
  const std::string tag = concat("postfix/dnsblog[", ::getpid(), "]: ");
  CHECK(all[1].substr(16) == concat("mail ", tag, "warning: two"));
  CHECK(is_stamp(all[1].substr(0, 16)));
}

TEST_CASE("a line in a file has time, host, program and process") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  {
    const OpenLog open(append_to(path));
    log_info("connect from unknown[192.0.2.1]");
    log_warning("slow");
    log_error("wrong");
    log_fatal("no");
    log::write(Level::panic, "impossible");
  }
  const auto text = read_file(path);
  REQUIRE(text);
  std::vector<std::string> all;
  for (const auto line : lines(*text)) all.push_back(told(line));
  CHECK(all == std::vector<std::string>{"connect from unknown[192.0.2.1]", "warning: slow", "error: wrong",
                                        "fatal: no", "panic: impossible"});
  CHECK(text->find(concat("postfix/test[", ::getpid(), "]: ")) != std::string::npos);
}

TEST_CASE("information is gathered until flush, a warning goes out at once with what came before") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  log_info("one");
  CHECK(pipe.read().empty());
  log::flush();
  CHECK(lines(pipe.read()).size() == 1);
  log_info("two");
  log_warning("three");
  CHECK(lines(pipe.read()).size() == 2);
}

TEST_CASE("much that is gathered is written without waiting for flush") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  const OpenLog open(append_to(path));
  for (int i = 0; i < 40; ++i) log_info(std::string(1000, 'x'));
  CHECK(read_file(path).value_or("").size() > 30'000);
}

TEST_CASE("what a peer sends cannot make a line of its own") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  log_warning("helo=<a\nNov 23 00:00:00 mail postfix/qmgr[1]: removed\r\x1B.");
  const auto text = pipe.read();
  REQUIRE(lines(text).size() == 1);
  CHECK(told(lines(text)[0]) == "warning: helo=<a?Nov 23 00:00:00 mail postfix/qmgr[1]: removed??.");
}

TEST_CASE("a line keeps 2,000 bytes of its text") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  log_info(std::string(100'000, 'x'));
  log::flush();
  CHECK(told(trim(pipe.read())) == std::string(2000, 'x'));
}

TEST_CASE("lines that a full pipe does not take wait, and come in order once there is room") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  for (int i = 0; i < 60; ++i) log_warning(concat(i, " ", std::string(500, 'x')));
  CHECK(log::waiting());
  CHECK(log::lost() == 0);
  std::vector<std::string> all;
  while (all.size() < 60) {
    const auto text = pipe.read();
    REQUIRE(!text.empty());
    for (const auto line : lines(text)) all.push_back(told(line));
    log::flush();
  }
  for (int i = 0; i < 60; ++i)
    CHECK(all[static_cast<std::size_t>(i)].rfind(concat("warning: ", i, " "), 0) == 0);
  CHECK(!log::waiting());
}

TEST_CASE("what is too much to wait is counted, and the count is told where the lines are missing") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  const auto lost_before = log::lost_in_all();
  int written = 0;
  for (; log::lost() == 0; ++written) log_info(concat(written, std::string(500, 'x')));
  for (int i = 0; i < 4; ++i) log_warning("still full");
  CHECK(log::lost() == 5);
  CHECK(log::lost_in_all() == lost_before + 5);

  std::string text;
  for (std::string more; !(more = pipe.read()).empty(); log::flush()) text += more;
  log_warning("after");
  text += pipe.read();
  const auto all = lines(text);
  REQUIRE(all.size() == static_cast<std::size_t>(written) + 1);
  CHECK(told(all[all.size() - 3]).rfind(std::to_string(written - 2), 0) == 0);
  CHECK(told(all[all.size() - 2]) == "warning: 5 log lines could not be written");
  CHECK(told(all.back()) == "warning: after");
  CHECK(log::lost() == 0);
}

TEST_CASE("what the log from before has not taken is said in the next one") {
  Pipe full, next;
  const OpenLog open(std::move(full.writer));
  for (int i = 0; i < 30; ++i) log_warning(std::string(500, 'x'));
  log::Setup setup;
  setup.tag = "postfix/test";
  setup.host = "mail";
  setup.fd = std::move(next.writer);
  log::open(std::move(setup));
  log_warning("here");
  const auto missing = 30 - lines(full.read()).size();
  CHECK(missing > 10);
  const auto text = next.read();
  REQUIRE(lines(text).size() == 2);
  CHECK(told(lines(text)[0]) == concat("warning: ", missing, " log lines could not be written"));
}

TEST_CASE("what another process left unsaid is said with the losses of our own") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  log_info("one");
  CHECK(log::unsaid() == 1);
  log::add_lost(7);
  CHECK(log::unsaid() == 8);
  log::flush();
  const auto text = pipe.read();
  REQUIRE(lines(text).size() == 2);
  CHECK(told(lines(text)[1]) == "warning: 7 log lines could not be written");
  CHECK(log::unsaid() == 0);
}

TEST_CASE("a process that ends gives a slow reader a moment, and no more than that") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  for (int i = 0; i < 30; ++i) log_warning(std::string(500, 'x'));
  const auto began = std::chrono::steady_clock::now();
  log::finish();
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(took >= milliseconds(90));
  CHECK(took < seconds(2));
  CHECK(log::waiting());
  pipe.read();
  log::finish();
  pipe.read();
  log::finish();
  CHECK(!log::waiting());
}

TEST_CASE("a pipe gets whole lines, however much is written at once") {
  Pipe pipe;
  const OpenLog open(std::move(pipe.writer));
  for (int i = 0; i < 25; ++i) log_info(std::string(1000, 'x'));
  log::flush();
  const auto text = pipe.read();
  CHECK(text.back() == '\n');
  CHECK(lines(text).size() < 15);
  for (const auto line : lines(text)) CHECK(told(line) == std::string(1000, 'x'));
  std::size_t rest = lines(text).size();
  for (log::flush(); rest < 25; log::flush()) {
    const auto more = lines(pipe.read()).size();
    REQUIRE(more > 0);
    rest += more;
  }
}

TEST_CASE("lines of processes that share a pipe do not mix") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  Fd reader(ends[0]), writer(ends[1]);
  for (const char letter : {'a', 'b', 'c'}) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child > 0) continue;
    reader.reset();
    const OpenLog open(std::move(writer));
    for (int i = 0; i < 2000; ++i) log_info(std::string(300, letter));
    log::flush();
    ::_exit(0);
  }
  writer.reset();
  std::string text;
  char block[4096];
  for (ssize_t n = 0; (n = ::read(reader.get(), block, sizeof block)) > 0;) {
    text.append(block, static_cast<std::size_t>(n));
  }
  while (::wait(nullptr) > 0) {
  }
  std::size_t whole = 0;
  for (const auto line : lines(text)) {
    const auto said = told(line);
    whole += said.size() == 300 && said.find_first_not_of(said.front()) == std::string::npos;
  }
  CHECK(whole == 6000);
  CHECK(lines(text).size() == 6000);
}

TEST_CASE("a line that a full disk has torn is ended before the next one") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  const OpenLog open(append_to(path));
  log_warning(std::string(100, 'x'));
  const std::size_t one = read_file(path).value_or("").size();

  const auto action = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit tight{one + one / 2, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  log_warning(std::string(100, 'y'));
  log_warning(std::string(100, 'z'));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, action);
  CHECK(log::waiting());

  log_warning("after");
  const auto text = read_file(path);
  REQUIRE(text);
  const auto all = lines(*text);
  REQUIRE(all.size() == 5);
  CHECK(all[1].size() == one / 2);
  CHECK(told(all[2]) == concat("warning: ", std::string(100, 'y')));
  CHECK(told(all[3]) == concat("warning: ", std::string(100, 'z')));
  CHECK(told(all[4]) == "warning: after");
}

TEST_CASE("syslog gets one datagram a line, with facility mail and the severity") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd reader(ends[0]);
  const OpenLog open(Fd(ends[1]), log::Target::syslog);
  const auto next = [&] {
    char block[4096];
    const ssize_t n = ::recv(reader.get(), block, sizeof block, 0);
    return n < 0 ? std::string("nothing") : std::string(block, static_cast<std::size_t>(n));
  };
  log_info("one");
  log_warning("two");
  log_fatal("three");
  const auto text_of = [&](std::string_view priority) { return told(next(), "", priority); };
  CHECK(text_of("<22>") == "one");
  CHECK(text_of("<20>") == "warning: two");
  CHECK(text_of("<18>") == "fatal: three");
  CHECK(next() == "nothing");

  int sent = 0;
  while (log::lost() == 0 && sent < 100'000) {
    log_info("filling");
    ++sent;
  }
  REQUIRE(log::lost() == 1);
  for (int i = 1; i < sent; ++i) {
    CHECK(text_of("<22>") == "filling");
    log::flush();
  }
  CHECK(text_of("<20>") == "warning: 1 log lines could not be written");
  log_info("after");
  CHECK(text_of("<22>") == "after");
  CHECK(log::lost() == 0);
}

TEST_CASE("the destination is made private, is appended to, and needs its directory") {
  TemporaryDirectory directory;
  const std::string path = directory.path("log");
  for (int i = 0; i < 2; ++i) {
    const OpenLog open(append_to(path));
    log_info("x");
  }
  CHECK(lines(read_file(path).value_or("")).size() == 2);
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const auto nowhere = log::open_destination(directory.path("no/log"));
  REQUIRE(!nowhere);
  CHECK(nowhere.error().kind == Errc::not_found);
}

TEST_CASE("a file as standard output is shared with others, and no line is written over another") {
  TemporaryDirectory directory;
  const Fd saved(::dup(STDOUT_FILENO));
  const Fd file(::open(directory.path("out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::dup2(file.get(), STDOUT_FILENO) == STDOUT_FILENO);
  auto destination = log::open_destination("/dev/stdout");
  REQUIRE(::write(file.get(), "theirs\n", 7) == 7);
  {
    const OpenLog open(std::move(*destination));
    log_info("ours");
  }
  REQUIRE(::write(file.get(), "theirs\n", 7) == 7);
  ::dup2(saved.get(), STDOUT_FILENO);
  const std::string text = read_file(directory.path("out")).value_or("");
  const auto all = lines(text);
  REQUIRE(all.size() == 3);
  CHECK(all[0] == "theirs");
  CHECK(told(all[1]) == "ours");
  CHECK(all[2] == "theirs");
}

TEST_CASE("standard output as destination does not become non-blocking for others") {
  Pipe pipe;
  REQUIRE(::fcntl(pipe.writer.get(), F_SETFL, 0) == 0);
  const Fd saved(::dup(STDOUT_FILENO));
  REQUIRE(::dup2(pipe.writer.get(), STDOUT_FILENO) == STDOUT_FILENO);
  auto destination = log::open_destination("/dev/stdout");
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  ::dup2(saved.get(), STDOUT_FILENO);
  REQUIRE(destination);
  CHECK((flags & O_NONBLOCK) == 0);
  CHECK((::fcntl(destination->get(), F_GETFL) & O_NONBLOCK) != 0);
  const OpenLog open(std::move(*destination));
  log_warning("here");
  CHECK(told(trim(pipe.read())) == "warning: here");
}

}  // namespace postern
