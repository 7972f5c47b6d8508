// A private instance for tests: a directory of its own, the real master, the echo service.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/daemon/scoreboard_reader.h"

namespace postern::test {

// Who master runs as: whoever runs the test, or, when that is root, a user without rights.
enum class As { caller, nobody };

// True as soon as the condition holds; false when it does not within ten seconds.
bool soon(const std::function<bool()>& condition);

// The caller, and nobody too when the caller is root.
std::vector<As> users();

// An entry of master.cf: the echo service on that port of 127.0.0.1.
std::string inet(unsigned port, const std::string& limit, const std::string& arguments = "");

// False for a zombie too: whoever is process 1 may take its time.
bool is_alive(pid_t pid);
// The process id that the echo service answered; -1 when it did not.
pid_t as_pid(const std::string& text);

// A port of 127.0.0.1 that nobody uses now.
unsigned free_port();

class Client {
 public:
  explicit Client(unsigned port, const char* address = "127.0.0.1");
  bool is_connected() const { return static_cast<bool>(fd_); }
  // Sends a line and returns the answer; "" when there is none within the time, or the connection is closed.
  std::string ask(const std::string& line, int milliseconds = 10000);
  void say(const std::string& line) const;
  std::string answer(int milliseconds = 10000);
  void close() { fd_.reset(); }

 private:
  Fd fd_;
};

class Instance {
 public:
  explicit Instance(As as = As::caller);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // The whole master.cf; and what is added to a main.cf that keeps everything below path().
  void write_master_cf(const std::string& text) const;
  void write_main_cf(const std::string& more) const;
  void write_program(const std::string& name, const std::string& script) const;

  // Starts master. True when it says that all services listen.
  bool start();
  // SIGHUP, and waits until the log says that it was done.
  void reload();
  void signal(int number) const;
  // SIGTERM; the exit status of master, or -1 when it did not end.
  int stop();
  // After a signal that ends it.
  int wait_for_end();
  // Runs another master with these options; its exit status and what it wrote to standard error.
  std::pair<int, std::string> run_another(std::vector<std::string> options) const;

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string log() const;
  bool log_says(const std::string& text) const;
  pid_t pid() const { return master_; }
  // Processes whose parent is master and that have not ended.
  std::vector<pid_t> children() const;
  std::vector<daemon::Row> rows() const;
  // What master says about the service of that name; empty when it says nothing.
  daemon::ServiceReport service(const std::string& name) const;
  static std::string command_line(pid_t pid);
  // True when no process takes a connection any more: all know that they have been replaced.
  bool all_are_leaving() const;

 private:
  pid_t launch(const std::vector<std::string>& options, int error_fd, const Fd* ready) const;
  std::string directory_;
  std::string programs_;
  As as_;
  pid_t master_ = -1;
};

}  // namespace postern::test
