#include "instance.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "lib/base/text.h"

namespace postern::test {

namespace fs = std::filesystem;

namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr uid_t kNobody = 65534;

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// At once: a reload that is still under way must not see half a file.
void spit(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  fs::rename(path + ".new", path);
}

sockaddr_in loopback(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void become_nobody() {
  if (::geteuid() != 0) return;
  const bool done = ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0;
  if (!done) ::_exit(99);
}

// The second field behind the name in brackets, and the state before it.
bool is_live_child_of(const std::string& process, pid_t parent) {
  const std::string stat = slurp(concat("/proc/", process, "/stat"));
  const std::size_t end = stat.rfind(')');
  if (end == std::string::npos || end + 4 > stat.size()) return false;
  return stat[end + 2] != 'Z' && std::atoi(stat.c_str() + end + 4) == parent;
}

}  // namespace

std::string inet(unsigned port, const std::string& limit, const std::string& arguments) {
  return concat("127.0.0.1:", port, " inet n - n - ", limit, " echo ", arguments, "\n");
}

bool is_alive(pid_t pid) {
  std::ifstream in(concat("/proc/", pid, "/stat"));
  std::string line;
  std::getline(in, line);
  const std::size_t end = line.rfind(") ");
  return end != std::string::npos && line[end + 2] != 'Z';
}

pid_t as_pid(const std::string& text) { return static_cast<pid_t>(parse_number(text).value_or(-1)); }

std::vector<As> users() {
  if (::geteuid() != 0) return {As::caller};
  return {As::caller, As::nobody};
}

bool soon(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

unsigned free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

Client::Client(unsigned port, const char* address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to = loopback(port);
  ::inet_pton(AF_INET, address, &to.sin_addr);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fd_.reset();
}

void Client::say(const std::string& line) const {
  const std::string text = line + "\n";
  ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

std::string Client::answer(int milliseconds) {
  std::string line;
  pollfd wait{fd_.get(), POLLIN, 0};
  char byte = 0;
  while (::poll(&wait, 1, milliseconds) == 1 && ::recv(fd_.get(), &byte, 1, 0) == 1) {
    if (byte == '\n') return line;
    line += byte;
  }
  return "";
}

std::string Client::ask(const std::string& line, int milliseconds) {
  say(line);
  return answer(milliseconds);
}

Instance::Instance(As as) : directory_("/tmp/master_test_XXXXXX"), as_(as) {
  REQUIRE(::mkdtemp(directory_.data()) != nullptr);
  ::chmod(directory_.c_str(), 0777);
  programs_ = path("libexec");
  fs::create_directory(programs_);
  fs::create_directory(path("conf"));
  // Copied, so that a user who cannot reach the build can run them.
  fs::copy_file(POSTERN_MASTER, path("libexec/master"));
  fs::copy_file(POSTERN_ECHO, path("libexec/echo"));
  fs::copy_file(POSTERN_LAUNCH, path("libexec/launch"));
  ::chmod(programs_.c_str(), 0755);
  ::chmod(path("conf").c_str(), 0755);
  write_main_cf("");
}

Instance::~Instance() {
  if (master_ > 0) stop();
  fs::remove_all(directory_);
}

void Instance::write_main_cf(const std::string& more) const {
  spit(path("conf/main.cf"),
       concat("queue_directory = ", path("queue"), "\ndata_directory = ", path("data"),
              "\ndaemon_directory = ", programs_, "\nmaillog_file = ", path("log"),
              "\nmyhostname = mail.example.com\nmail_owner = nobody\nsetgid_group = nogroup\n",
              "inet_protocols = ipv4\n", more));
}

void Instance::write_master_cf(const std::string& text) const { spit(path("conf/master.cf"), text); }

void Instance::write_program(const std::string& name, const std::string& script) const {
  spit(path("libexec/" + name), script);
  ::chmod(path("libexec/" + name).c_str(), 0755);
}

pid_t Instance::launch(const std::vector<std::string>& options, int error_fd, const Fd* ready) const {
  std::vector<std::string> words{path("libexec/master"), "-c", path("conf")};
  words.insert(words.end(), options.begin(), options.end());
  if (ready != nullptr) words.insert(words.end(), {"-R", std::to_string(ready->get())});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (ready != nullptr) ::fcntl(ready->get(), F_SETFD, 0);
  ::dup2(error_fd, STDERR_FILENO);
  if (as_ == As::nobody) become_nobody();
  ::execv(argv[0], argv.data());
  ::_exit(98);
}

bool Instance::start() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  master_ = launch({"-s"}, STDERR_FILENO, &theirs);
  theirs.reset();
  char byte = 0;
  return ::read(ours.get(), &byte, 1) == 1;
}

void Instance::reload() {
  const auto count = [&] {
    const std::string text = log();
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(": reload --", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  const std::size_t before = count();
  signal(SIGHUP);
  REQUIRE(soon([&] { return count() > before; }));
}

void Instance::signal(int number) const { ::kill(master_, number); }

int Instance::stop() {
  signal(SIGTERM);
  return wait_for_end();
}

int Instance::wait_for_end() {
  int status = -1;
  const pid_t ended = ::waitpid(master_, &status, 0);
  master_ = -1;
  return ended > 0 ? status : -1;
}

std::pair<int, std::string> Instance::run_another(std::vector<std::string> options) const {
  const Fd file(::open(path("stderr").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  const pid_t another = launch(options, file.get(), nullptr);
  int status = -1;
  ::waitpid(another, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(path("stderr"))};
}

std::string Instance::log() const { return slurp(path("log")); }

bool Instance::log_says(const std::string& text) const { return log().find(text) != std::string::npos; }

std::vector<pid_t> Instance::children() const {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (parse_number(name) && is_live_child_of(name, master_)) found.push_back(std::atoi(name.c_str()));
  }
  return found;
}

std::vector<daemon::Row> Instance::rows() const {
  const auto reader = daemon::ScoreboardReader::open(path("queue/pid/scoreboard"));
  if (!reader) return {};
  return reader->rows();
}

daemon::ServiceReport Instance::service(const std::string& name) const {
  const auto reader = daemon::ScoreboardReader::open(path("queue/pid/scoreboard"));
  if (!reader) return {};
  for (const auto& row : reader->services()) {
    if (row.report.name == name) return row.report;
  }
  return {};
}

std::string Instance::command_line(pid_t pid) {
  std::string words = slurp(concat("/proc/", pid, "/cmdline"));
  std::replace(words.begin(), words.end(), '\0', ' ');
  return words;
}

bool Instance::all_are_leaving() const {
  const auto all = rows();
  return std::all_of(all.begin(), all.end(),
                     [](const auto& row) { return row.state == daemon::State::leaving; });
}

}  // namespace postern::test
