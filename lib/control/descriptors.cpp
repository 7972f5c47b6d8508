#include "lib/control/descriptors.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/text.h"

namespace postern::control {

namespace {

// Since Linux 6.2 the size of the directory is the number; before, it is 0 and the names are counted.
std::optional<std::uint64_t> count_open(const std::string& directory) {
  struct stat found {};
  if (::stat(directory.c_str(), &found) != 0) return std::nullopt;
  std::uint64_t count = 0;
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  if (error) return std::nullopt;
  if (found.st_size > 0) return static_cast<std::uint64_t>(found.st_size);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

}  // namespace

std::optional<std::uint64_t> limit_in(std::string_view limits) {
  constexpr std::string_view kName = "Max open files";
  for (const auto line : split_fields(limits, '\n')) {
    if (!line.starts_with(kName)) continue;
    const auto words = split_words(line.substr(kName.size()));
    if (words.empty()) return std::nullopt;
    if (words[0] == "unlimited") return UINT64_MAX;
    const auto number = parse_number(words[0]);
    if (!number) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
  }
  return std::nullopt;
}

std::optional<Descriptors> descriptors_of(pid_t pid) {
  const std::string directory = concat("/proc/", pid);
  const auto open = count_open(directory + "/fd");
  const auto limits = read_file(directory + "/limits", 8192);
  const auto limit = limits ? limit_in(*limits) : std::nullopt;
  if (!open || !limit) return std::nullopt;
  return Descriptors{*open, *limit};
}

}  // namespace postern::control
