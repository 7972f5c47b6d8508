#include "commands/postern/tls_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/place.h"

namespace postern::commands {

namespace {

constexpr unsigned kKeyMode = 0600;
constexpr unsigned kDirectoryMode = 0755;

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return fail_errno(concat("create directory ", path), errno);
}

bool is_missing(const std::string& path) { return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT; }

struct Place {
  const char *certificate, *key;
  KeyKind kind;
};
constexpr Place kPlaces[] = {{"smtpd_tls_eccert_file", "smtpd_tls_eckey_file", KeyKind::ecdsa},
                             {"smtpd_tls_cert_file", "smtpd_tls_key_file", KeyKind::rsa}};

// The file of this kind that we may make, if it is to be made.
Result<std::string> missing(const config::Settings& settings, const Place& place,
                            const std::string& directory) {
  auto path = settings.value(place.certificate);
  if (!path) return path;
  const auto key = settings.value(place.key);
  if (!key) return key;
  const bool is_ours = *key == *path && std::filesystem::path(*path).parent_path() == directory;
  if (!is_ours || !is_missing(*path)) path->clear();
  return path;
}

}  // namespace

std::string_view name_of(KeyKind kind) { return kind == KeyKind::ecdsa ? "ecdsa" : "rsa"; }

Result<void> make_key_file(const std::string& path, const std::string& key,
                           const std::vector<std::string>& names) {
  const auto certificate = sign_own(key, names, kOwnCertificateDays);
  if (!certificate) return fail(certificate.error());
  auto made = make_directory(std::filesystem::path(path).parent_path().string());
  if (!made) return made;
  return replace_file(path, key + *certificate, kKeyMode);
}

Result<std::vector<std::string>> make_missing_keys(const config::Settings& settings,
                                                   const std::string& configuration) {
  std::vector<std::string> made;
  const std::string directory = config::own_keys_directory(configuration);
  for (const Place& place : kPlaces) {
    const auto path = missing(settings, place, directory);
    if (!path) return fail(path.error());
    if (path->empty()) continue;
    const auto host = settings.value("myhostname");
    if (!host) return fail(host.error());
    const auto key = make_key(place.kind, 0);
    if (!key) return fail(key.error());
    auto written = make_key_file(*path, *key, {*host});
    if (!written) return fail(written.error());
    made.push_back(*path);
  }
  return made;
}

}  // namespace postern::commands
