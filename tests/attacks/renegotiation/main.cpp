// The renegotiation attack of 2009 (CVE-2009-3555), with all who take part in it:
//   renegotiation attack HOST PORT [--wrapped] [--chunk] [--tls13] [--to ADDRESS] [--listen PORT]
//   renegotiation server --certificate FILE --mailbox FILE [--listen PORT] [--own-tls [--signals] [--asks]] [--wrapped]
//   renegotiation victim HOST PORT [--wrapped] [--eager] [--signals] [--ca FILE]
// Exit status of an attack: 0 it failed, 1 it succeeded, 2 it could not be tried. Use it against your own servers only.
#include <getopt.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>

#include "tests/attacks/renegotiation/story.h"

namespace attack {

void tell(std::string_view who, std::string_view what) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::cout << who << ": " << what << std::endl;
}

namespace {

constexpr const char* kUsage =
    "usage: renegotiation attack HOST PORT [--wrapped] [--chunk] [--tls13] [--to ADDRESS] [--listen PORT]\n"
    "       renegotiation server --certificate FILE --mailbox FILE [--listen PORT]\n"
    "                     [--own-tls [--signals] [--asks]] [--wrapped]\n"
    "       renegotiation victim HOST PORT [--wrapped] [--eager] [--signals] [--ca FILE]\n";

const option kOptions[] = {{"wrapped", no_argument, nullptr, 'w'},
                           {"chunk", no_argument, nullptr, 'c'},
                           {"tls13", no_argument, nullptr, '3'},
                           {"eager", no_argument, nullptr, 'e'},
                           {"signals", no_argument, nullptr, 's'},
                           {"own-tls", no_argument, nullptr, 'o'},
                           {"asks", no_argument, nullptr, 'q'},
                           {"to", required_argument, nullptr, 't'},
                           {"listen", required_argument, nullptr, 'l'},
                           {"ca", required_argument, nullptr, 'a'},
                           {"certificate", required_argument, nullptr, 'p'},
                           {"mailbox", required_argument, nullptr, 'm'},
                           {nullptr, 0, nullptr, 0}};

std::uint16_t port(const char* text) { return static_cast<std::uint16_t>(std::strtoul(text, nullptr, 10)); }

// Whether the letter of an option is known.
bool set(Options& options, int letter) {
  switch (letter) {
    case 'w': return options.wrapped = true;
    case 'c': return options.chunk = true;
    case '3': return options.tls13 = true;
    case 'e': return options.eager = true;
    case 's': return options.signals = true;
    case 'o': return options.own_tls = true;
    case 'q': return options.asks = true;
    case 't': options.recipient = optarg; return true;
    case 'l': options.listen = port(optarg); return options.listens = true;
    case 'a': options.ca_file = optarg; return true;
    case 'p': options.certificate = optarg; return true;
    case 'm': options.mailbox = optarg; return true;
    default: return false;
  }
}

int usage() {
  std::cerr << kUsage;
  return kUntried;
}

int run(int count, char** words) {
  Options options;
  for (int letter = 0; (letter = getopt_long(count, words, "", kOptions, nullptr)) != -1;) {
    if (!set(options, letter)) return usage();
  }
  if (optind >= count) return usage();
  const std::string_view part = words[optind];
  if (part == "server") serve(options);
  if (optind + 3 != count) return usage();
  options.host = words[optind + 1];
  options.port = port(words[optind + 2]);
  if (part == "victim") be_victim(options);
  if (part == "attack") return options.tls13 ? attack_tls13(options) : attack(options);
  return part == "victim" ? 0 : usage();
}

}  // namespace

}  // namespace attack

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without asking
  try {
    return attack::run(count, words);
  } catch (const std::exception& error) {
    std::cerr << "renegotiation: " << error.what() << '\n';
    return attack::kUntried;
  }
}
