#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/params/common_params.h"

namespace postern::check {

namespace {

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

void complain(Configuration& configuration, std::string_view parameter, std::string_view text) {
  configuration.about_parameter(Severity::error, parameter, concat("parameter ", parameter, ": ", text));
}

class FileCheck {
 public:
  FileCheck(const config::CommonParams& common, Configuration& configuration)
      : common_(common), configuration_(configuration) {}

  void run() {
    for (const char* name : {"", "/main.cf", "/master.cf"}) {
      check_closed(concat(configuration_.directory(), name));
    }
    owner_ = check_users(configuration_);
    check_directory("queue_directory", *common_.queue_directory);
    check_directory("data_directory", *common_.data_directory);
    for (const char* name : {"private", "queue", "spool"}) {
      const auto status = status_of(concat(*common_.queue_directory, "/", name));
      if (status && owner_ && status->st_uid != *owner_) belongs(concat(*common_.queue_directory, "/", name));
    }
    const auto data = status_of(*common_.data_directory);
    if (data && owner_ && data->st_uid != *owner_) belongs(*common_.data_directory);
    check_log();
  }

 private:
  // What root reads and obeys must not be for others to write.
  void check_closed(const std::string& path) {
    const auto status = status_of(path);
    if (status && (status->st_mode & kOthersWrite) != 0) {
      configuration_.add(
          {Severity::warning, path, 0, concat("group or others may write it: chmod go-w ", path), {}});
    }
  }

  // Master makes the directory, but not the one above it.
  void check_directory(std::string_view parameter, const std::string& path) {
    if (path.front() != '/') return error(parameter, concat(path, ": not an absolute path"));
    const auto status = status_of(path);
    if (!status) {
      const std::string above = std::filesystem::path(path).parent_path().string();
      if (!status_of(above)) error(parameter, concat(path, ": there is no directory ", above));
      return;
    }
    if (!S_ISDIR(status->st_mode)) return error(parameter, concat(path, ": not a directory"));
    if (::access(path.c_str(), R_OK | X_OK) != 0) error(parameter, concat(path, ": permission denied"));
    check_closed(path);
  }

  void check_log() {
    const std::string& file = *common_.maillog_file;
    if (file.empty() || file == "/dev/stdout") return;
    const std::string above = std::filesystem::path(file).parent_path().string();
    const auto status = status_of(above);
    if (!status || !S_ISDIR(status->st_mode)) {
      error("maillog_file", concat(file, ": there is no directory ", above));
    }
  }

  void belongs(const std::string& path) {
    configuration_.add({Severity::error, path, 0,
                        concat("not owned by mail_owner: chown -R ", *common_.mail_owner, " ", path),
                        "mail_owner"});
  }

  void error(std::string_view parameter, std::string_view text) { complain(configuration_, parameter, text); }

  const config::CommonParams& common_;
  Configuration& configuration_;
  std::optional<uid_t> owner_;
};

}  // namespace

std::optional<uid_t> check_users(Configuration& configuration) {
  const auto owner = configuration.settings().value("mail_owner");
  const auto group = configuration.settings().value("setgid_group");
  if (::geteuid() != 0 || !owner || !group) return std::nullopt;
  if (::getgrnam(group->c_str()) == nullptr) {
    complain(configuration, "setgid_group", concat("unknown group: ", *group));
  }
  const passwd* found = ::getpwnam(owner->c_str());
  if (found != nullptr && found->pw_uid != 0) return found->pw_uid;
  complain(configuration, "mail_owner",
           found == nullptr ? concat("unknown user: ", *owner) : concat("", *owner, " is root"));
  return std::nullopt;
}

void check_files(Configuration& configuration) {
  config::CommonParams common;
  if (common.load(configuration.settings())) FileCheck(common, configuration).run();
}

}  // namespace postern::check
