// Runs a fuzz target once over each file of its corpus, so that every build tests what fuzzing has found so
// far: fuzz_NAME DIRECTORY…. An empty or missing directory is an error: it would test nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/fd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const char* directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file()) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A block of exactly the input's size, so that a sanitizer sees the first byte that is read beyond it.
bool replay(const std::string& path) {
  const auto text = postern::read_file(path);
  if (!text) {
    std::fprintf(stderr, "%s\n", text.error().text.c_str());
    return false;
  }
  const auto exact = std::make_unique<std::uint8_t[]>(text->size());
  std::copy(text->begin(), text->end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), text->size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const auto files = files_in(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "%s: no inputs\n", argv[i]);
      return 1;
    }
    for (const auto& file : files) {
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);  // the last name is the culprit if the target ends the program
      if (!replay(file)) return 1;
      ++count;
    }
  }
  std::printf("%zu inputs\n", count);
  return count > 0 ? 0 : 1;
}
