#include "lib/config/place.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>

#include "lib/base/text.h"
#include "lib/config/standards.h"

namespace postern::config {

namespace {

std::string beside() { return (std::filesystem::path(own_directory()).parent_path() / "libexec").string(); }

constexpr std::string_view kDirectoriesOfPostfix[] = {"/usr/lib/postfix", "/usr/lib/postfix/sbin",
                                                      "/usr/lib/postfix/bin", "/usr/libexec/postfix",
                                                      "/usr/local/libexec/postfix"};

bool has_master(const std::string& directory) {
  return ::access(concat(directory, "/master").c_str(), X_OK) == 0;
}

}  // namespace

std::string own_directory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string("/usr/sbin") : self.parent_path().string();
}

bool runs_in_place() { return has_master(beside()); }

bool is_directory_of_postfix(std::string_view directory) {
  const auto* end = std::end(kDirectoriesOfPostfix);
  return std::find(std::begin(kDirectoriesOfPostfix), end, directory) != end;
}

std::string own_keys_directory(std::string_view configuration_directory) {
  return std::string(configuration_directory) + "/tls";
}

std::string standard_service_directory() {
  if (runs_in_place()) return beside();
  return std::string(standard_value("daemon_directory").value_or("/usr/lib/postern"));
}

Result<std::string> service_directory(const Settings& settings) {
  auto standard = standard_service_directory();
  if (settings.source("daemon_directory") == Source::standard) return standard;
  auto set = settings.value("daemon_directory");
  if (set && is_directory_of_postfix(*set) && has_master(standard)) return standard;
  return set;
}

}  // namespace postern::config
