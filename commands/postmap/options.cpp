#include "commands/postmap/options.h"

#include <unistd.h>

#include "lib/base/text.h"

namespace postern::postmap {

namespace {

constexpr const char* kMapLetters = "+:Nbc:d:fFhijmnopq:rsuUvw";
constexpr const char* kAliasLetters = "+:Nc:d:fijnopq:rsuvw";

std::string usage(Program program) {
  if (program == Program::postmap) {
    return "usage: postmap [-bfFhijmnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";
  }
  return "usage: postalias [-fijnNoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";
}

void take(Options& options, int letter, const char* value) {
  switch (letter) {
    case 'c': options.directory = value; break;
    case 'q':
    case 'd':
      options.key = value;
      (letter == 'q' ? options.query : options.remove) = true;
      break;
    case 's': options.list = true; break;
    case 'i': options.add = true; break;
    case 'r': options.replace = true; break;
    case 'w': options.quiet = true; break;
    case 'f': options.fold = false; break;
    case 'F': options.files = true; break;
    case 'o': options.keep_root = true; break;
    case 'p': options.plain_mode = true; break;
    case 'h': options.headers = true; break;
    case 'b': options.body = true; break;
    case 'm': options.mime = true; break;
    case 'j': options.json = true; break;
    case 'v': ++options.verbose; break;
    default: break;  // -n -N -u -U: there is one form of keys, and all texts are bytes
  }
}

Result<void> judge(const Options& options) {
  if (options.query + options.remove + options.list > 1) {
    return fail(Errc::invalid, "specify only one of -s or -q or -d");
  }
  const bool changes = !options.query && !options.list;
  if (options.replace && options.quiet) return fail(Errc::invalid, "specify only one of -r or -w");
  if (options.json && changes) return fail(Errc::invalid, "specify -j with -s or -q");
  if ((options.headers || options.body) && !(options.query && options.key == "-")) {
    return fail(Errc::invalid, "specify -h and -b with \"-q -\"");
  }
  return {};
}

}  // namespace

Result<Options> parse_options(std::vector<std::string> words) {
  Options options;
  const auto base = words.front().substr(words.front().rfind('/') + 1);
  if (base == "postalias") options.program = Program::postalias;
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  const char* letters = options.program == Program::postmap ? kMapLetters : kAliasLetters;
  const int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  ::optind = 1;
  for (int letter = 0; (letter = ::getopt(count, arguments.data(), letters)) != -1;) {
    const char option = static_cast<char>(::optopt);
    if (letter == '?')
      return fail(Errc::invalid, concat("invalid option -- '", option, "'; ", usage(options.program)));
    if (letter == ':') {
      return fail(Errc::invalid,
                  concat("option requires an argument -- '", option, "'; ", usage(options.program)));
    }
    take(options, letter, ::optarg);
  }
  options.tables.assign(words.begin() + ::optind, words.end());
  if (options.tables.empty()) return fail(Errc::invalid, usage(options.program));
  auto judged = judge(options);
  if (!judged) return fail(judged.error());
  return options;
}

}  // namespace postern::postmap
