// What a program is given by execve(2) and posix_spawn(3): words, and an environment.
#pragma once

#include <string>
#include <vector>

namespace postern {

// Pointers to the words, and a null behind them. They last as long as the words, which nobody changes.
std::vector<char*> pointers_to(const std::vector<std::string>& words);

// An environment as import_environment and export_environment describe it: a name keeps its value of ours, or is left
// out when we have none; name=value is taken as it stands.
std::vector<std::string> chosen_environment(const std::vector<std::string>& names);

}  // namespace postern
