// A configuration directory of a test's own, and postconf run on it.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "postconf/run.h"

namespace postern::postconf {

class Fixture {
 public:
  explicit Fixture(const std::string& main = "", const std::string& master = "") {
    std::string name = std::filesystem::temp_directory_path() / "postconf-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    write("main.cf", main);
    write("master.cf", master);
  }
  ~Fixture() { std::filesystem::remove_all(directory_); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  // What it prints: standard output, then standard error. The exit status is in `status`.
  std::string says(const std::vector<std::string>& arguments) {
    Output output;
    status = run(arguments, directory_.c_str(), output);
    return output.out + output.err;
  }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    REQUIRE(replace_file(path(name), text, 0644));
  }
  std::string text(const std::string& name) const { return read_file(path(name)).value_or("?"); }
  struct stat attributes(const std::string& name) const {
    struct stat found {};
    REQUIRE(::lstat(path(name).c_str(), &found) == 0);
    return found;
  }

  int status = -1;

 private:
  std::string directory_;
};

}  // namespace postern::postconf
