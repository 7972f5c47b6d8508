#include "lib/base/exec.h"

#include <cstdlib>

#include "lib/base/text.h"

namespace postern {

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> chosen_environment(const std::vector<std::string>& names) {
  std::vector<std::string> environment;
  for (const std::string& name : names) {
    if (name.find('=') != std::string::npos) {
      environment.push_back(name);
    } else if (const char* value = ::getenv(name.c_str())) {
      environment.push_back(concat(name, "=", value));
    }
  }
  return environment;
}

}  // namespace postern
