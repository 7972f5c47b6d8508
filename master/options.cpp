#include "master/options.h"

#include <unistd.h>

#include <cstdlib>

#include "lib/base/text.h"
#include "lib/daemon/contract.h"

namespace postern::master {

namespace {

constexpr const char* kStandardConfig = "/etc/postern";
constexpr int kHighestDescriptor = 1 << 20;

Result<int> number(char option, const char* text, int most) {
  const auto value = parse_number(text);
  if (!value || *value > most) return fail(Errc::invalid, concat("bad value: -", option, " ", text));
  return static_cast<int>(*value);
}

Result<void> set(Options& options, char option, const char* value) {
  Result<int> read = 0;
  switch (option) {
    case 'c': options.config_directory = value; break;
    case 'd': options.debug = true; break;
    case 's': options.keep_output = true; break;
    case 'i': options.init = options.keep_output = true; break;
    case 't': options.test = true; break;
    case 'w': options.background = true; break;
    case 'v': ++options.verbose; break;
    case 'e':
      read = number(option, value, 1 << 30);
      options.lifetime = seconds(read.value_or(0));
      break;
    case 'U':
      read = number(option, value, kHighestDescriptor);
      options.handover_fd = read.value_or(-1);
      break;
    case 'R':
      read = number(option, value, kHighestDescriptor);
      options.ready_fd = read.value_or(-1);
      break;
    default: return fail(Errc::invalid, "usage: master [-c config_dir] [-e seconds] [-R fd] [-distvw]");
  }
  if (!read) return fail(read.error());
  return {};
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  const char* directory = ::getenv(daemon::kConfigVariable);
  options.config_directory = directory == nullptr ? kStandardConfig : directory;
  optind = 1;
  opterr = 0;
  for (int option = 0; (option = ::getopt(argc, argv, "c:de:iR:stU:vw")) != -1;) {
    auto done = set(options, static_cast<char>(option), optarg);
    if (!done) return fail(done.error());
  }
  if (optind < argc) return fail(Errc::invalid, concat("unexpected argument: ", argv[optind]));
  if (options.background && options.keep_output)
    return fail(Errc::invalid, "-w cannot be used with -s or -i");
  return options;
}

}  // namespace postern::master
