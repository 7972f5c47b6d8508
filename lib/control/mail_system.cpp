#include "lib/control/mail_system.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::control {

namespace {

Result<std::string> absolute(const std::string& directory) {
  std::error_code error;
  std::string found = std::filesystem::canonical(directory, error).string();
  if (error) return fail_errno(concat("configuration directory ", directory), error.value());
  return found;
}

// What is a setting in the text, and nothing else of it.
Result<config::MainCf> settings_in(const std::string& text, const std::string& path) {
  const auto lines = config::Lines::parse(text, path);
  if (!lines) return fail(lines.error());
  std::string good;
  for (const config::Logical& line : lines->logical()) {
    if (config::split_setting(line.text)) good += concat(line.text, "\n");
  }
  return config::MainCf::parse(std::move(good), path);
}

// main.cf with the two parameters that lead to a running master, if it tells them.
Result<config::MainCf> places_in(const std::string& directory) {
  const std::string path = concat(directory, "/main.cf");
  const auto text = read_file(path, config::kLongestFile);
  if (!text) return fail(text.error());
  auto main = settings_in(*text, path);
  if (!main) return main;
  const auto settings = config::Settings::of(std::move(*main), directory);
  config::MainCf places;
  for (const char* name : {"queue_directory", "process_id_directory"}) {
    const auto value = settings.value(name);
    if (!value) return fail(value.error());
    auto set = places.set(name, *value);
    if (!set) return fail(set.error());
  }
  return places;
}

}  // namespace

Result<MailSystem> MailSystem::open(const std::string& directory) {
  const auto found = absolute(directory);
  if (!found) return fail(found.error());
  auto settings = config::Settings::load(*found);
  if (!settings) return fail(settings.error());
  return of(*found, std::move(*settings));
}

Result<MailSystem> MailSystem::find(const std::string& directory) {
  auto opened = open(directory);
  if (opened || opened.error().kind != Errc::invalid) return opened;
  const auto found = absolute(directory);
  auto places = found ? places_in(*found) : Result<config::MainCf>(fail(found.error()));
  // What is wrong with the file as a whole says more than what is missing in a part of it.
  if (!places) return opened;
  return of(*found, config::Settings::of(std::move(*places), *found));
}

Result<MailSystem> MailSystem::of(std::string directory, config::Settings settings) {
  MailSystem system;
  system.directory_ = std::move(directory);
  system.settings_ = std::make_unique<config::Settings>(std::move(settings));
  system.common_ = std::make_unique<config::CommonParams>();
  auto loaded = system.common_->load(*system.settings_);
  if (!loaded) return fail(Errc::invalid, concat(system.directory_, "/main.cf: ", loaded.error().text));
  return system;
}

std::string MailSystem::queue_path(std::string_view name) const {
  return concat(*common_->queue_directory, "/", name);
}

std::string MailSystem::scoreboard() const {
  return queue_path(concat(*common_->process_id_directory, "/scoreboard"));
}

// A master that ended in order leaves no process id behind; after another end the lock tells. It is tried
// only then, so that we never stand in the way of a master that starts.
std::optional<pid_t> MailSystem::master() const {
  const std::string path = queue_path(concat(*common_->process_id_directory, "/master.pid"));
  const auto text = read_file(path, 64);
  const auto pid = text ? parse_number(trim(*text)) : std::nullopt;
  if (!pid || *pid < 1) return std::nullopt;
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return static_cast<pid_t>(*pid);
}

Result<pid_t> MailSystem::running_master() const {
  const auto pid = master();
  if (pid) return *pid;
  const std::string path = queue_path(concat(*common_->process_id_directory, "/master.pid"));
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES) {
    return fail_errno(concat("open ", path), EACCES);
  }
  return fail(Errc::not_found, "the mail system is not running");
}

}  // namespace postern::control
