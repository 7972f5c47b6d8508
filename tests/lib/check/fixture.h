// A mail system to be judged: texts of both files, and a directory with all that a good one names.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "lib/check/check.h"
#include "tests/lib/base/temporary_directory.h"

namespace postern::check {

using Lines = std::vector<std::string>;

inline constexpr std::string_view kGoodServices =
    "smtp inet n - n - - smtpd\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n"
    "local unix - n n - - local\nvirtual unix - n n - - virtual\nsmtp unix - - n - - smtp\n"
    "relay unix - - n - - smtp\nerror unix - - n - - error\n";

class System {
 public:
  System() {
    for (const char* program :
         {"smtpd", "cleanup", "qmgr", "local", "virtual", "smtp", "error", "pipe", "spawn"}) {
      write(concat("programs/", program), "#!/bin/sh\n", 0755);
    }
    std::filesystem::create_directory(path("queue"));
  }

  std::string path(std::string_view name) const { return concat(directory_.path(), "/", name); }

  // The file and its directories.
  std::string write(const std::string& name, std::string_view text, mode_t mode = 0644) const {
    const auto full = path(name);
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::ofstream(full) << text;
    ::chmod(full.c_str(), mode);
    return full;
  }

  // main.cf is the text and behind it what the system needs, as far as the text does not set it.
  Subject subject(std::string_view main, std::string_view master = kGoodServices) const {
    const std::pair<std::string_view, std::string> needed[] = {{"daemon_directory", path("programs")},
                                                               {"queue_directory", path("queue")},
                                                               {"data_directory", path("data")},
                                                               {"mail_owner", "nobody"},
                                                               {"setgid_group", "nogroup"},
                                                               {"alias_maps", ""},
                                                               {"myhostname", "mail.example.com"},
                                                               {"inet_interfaces", "all"}};
    std::string text(main);
    for (const auto& [name, value] : needed) {
      const bool set = concat("\n", main).find(concat("\n", name, " ")) != std::string::npos;
      if (!set) text += concat(name, " = ", value, "\n");
    }
    return {directory_.path(), std::move(text), std::string(master)};
  }

  // "error main.cf:3 text", with DIR for our directory; of one severity, or of all but notes.
  Lines judge(std::string_view main, std::string_view master = kGoodServices) const {
    Lines lines;
    for (const auto& finding : check(subject(main, master))) {
      if (finding.severity != Severity::note) lines.push_back(shown(finding));
    }
    return lines;
  }
  Lines notes(std::string_view main, std::string_view master = kGoodServices) const {
    Lines lines;
    for (const auto& finding : check(subject(main, master))) {
      if (finding.severity == Severity::note) lines.push_back(shown(finding));
    }
    return lines;
  }

 private:
  std::string shown(const Finding& finding) const {
    const auto name = std::filesystem::path(finding.path).filename().string();
    std::string line = concat(name_of(finding.severity), " ", name, ":", finding.line, " ", finding.text);
    for (auto at = line.find(directory_.path()); at != line.npos; at = line.find(directory_.path())) {
      line.replace(at, directory_.path().size(), "DIR");
    }
    return line;
  }

  TemporaryDirectory directory_;
};

// A text, and what is found in it.
struct Case {
  std::string_view text;
  Lines findings;
};

// The texts are main.cf.
inline void check_cases(const System& system, const std::vector<Case>& cases,
                        std::string_view master = kGoodServices) {
  for (const Case& one : cases) {
    CAPTURE(one.text);
    CHECK(system.judge(one.text, master) == one.findings);
  }
}

// The texts are entries behind those of a good master.cf, which has eight lines.
inline void check_entries(const System& system, const std::vector<Case>& cases, std::string_view main = {}) {
  for (const Case& one : cases) {
    CAPTURE(one.text);
    CHECK(system.judge(main, concat(kGoodServices, one.text)) == one.findings);
  }
}

}  // namespace postern::check

template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) all += "\n    " + line;
    return all.c_str();
  }
};
