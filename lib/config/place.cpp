#include "lib/config/place.h"

#include <unistd.h>

#include <climits>
#include <filesystem>

#include "lib/base/text.h"
#include "lib/config/standards.h"

namespace postern::config {

namespace {

std::string beside() { return (std::filesystem::path(own_directory()).parent_path() / "libexec").string(); }

}  // namespace

std::string own_directory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string("/usr/sbin") : self.parent_path().string();
}

bool runs_in_place() { return ::access(concat(beside(), "/master").c_str(), X_OK) == 0; }

std::string standard_service_directory() {
  if (runs_in_place()) return beside();
  return std::string(standard_value("daemon_directory").value_or("/usr/lib/postern"));
}

Result<std::string> service_directory(const Settings& settings) {
  if (settings.source("daemon_directory") == Source::standard) return standard_service_directory();
  return settings.value("daemon_directory");
}

}  // namespace postern::config
