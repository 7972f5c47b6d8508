// Files of certificates and keys. A program that cannot read one goes on without TLS, and says so only when it starts.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/lines.h"
#include "lib/config/place.h"

namespace postern::check {

namespace {

bool ends_with_one_of(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](auto ending) { return name.ends_with(ending); });
}

bool names_files(std::string_view name) {
  return name.find("_tls_") != std::string_view::npos &&
         ends_with_one_of(
             name, {"cert_file", "key_file", "chain_files", "_CAfile", "_CApath", "_dh1024_param_file"});
}

// A server's keys of its own are made by the start that misses them.
bool is_made_at_start(const Setting& setting, const std::string& path, const config::Settings& settings) {
  const bool is_own = setting.name == "smtpd_tls_cert_file" || setting.name == "smtpd_tls_eccert_file";
  const auto directory = settings.value("config_directory");
  return is_own && directory &&
         std::filesystem::path(path).parent_path() == config::own_keys_directory(*directory);
}

void check_file(Configuration& configuration, const Setting& setting, const std::string& path,
                const config::Settings& settings) {
  struct stat status {};
  if (::access(path.c_str(), R_OK) != 0 || ::stat(path.c_str(), &status) != 0) {
    const int problem = errno;
    if (problem == ENOENT && is_made_at_start(setting, path, settings)) return;
    // Keys are for root, who reads them for the programs.
    if (problem == EACCES && ::geteuid() != 0) return;
    configuration.about(Severity::warning, setting,
                        concat(setting.name, ": ", config::shown(path), ": ", std::strerror(problem)));
  } else if (setting.name.ends_with("key_file") && (status.st_mode & S_IROTH) != 0) {
    configuration.about(
        Severity::warning, setting,
        concat(setting.name, ": others may read this private key: chmod o-r ", config::shown(path)));
  }
}

}  // namespace

void check_certificates(Configuration& configuration, const Setting& setting,
                        const config::Settings& settings) {
  if (!names_files(setting.name)) return;
  const auto value = settings.value(setting.name);
  if (!value) return;
  const std::string_view separators = setting.name.ends_with("chain_files") ? " \t\r\n," : "\n";
  for (const auto path : split_words(*value, separators)) {
    if (path != "none" && path != "auto") check_file(configuration, setting, std::string(path), settings);
  }
}

}  // namespace postern::check
