// postmap and postalias: build lookup tables, change them, and ask them.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "commands/postmap/build.h"
#include "commands/postmap/query.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/table_params.h"
#include "lib/config/settings.h"
#include "lib/table/opening.h"

using namespace postern;
using postmap::Options;

namespace {

// main.cf is not needed for a table that says its type.
Result<config::Settings> read_settings(const Options& options) {
  const char* named = std::getenv("MAIL_CONFIG");
  const std::string given = named == nullptr ? "/etc/postern" : named;
  const std::string directory = options.directory.empty() ? given : options.directory;
  auto settings = config::Settings::load(directory);
  if (settings || settings.error().kind != Errc::not_found || !options.directory.empty()) return settings;
  return config::Settings::of(config::MainCf(), directory);
}

Result<std::string> whole_input() {
  std::string text;
  char block[65536];
  for (ssize_t got = 0; (got = ::read(0, block, sizeof block)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read standard input", errno);
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

Result<int> ask(const Options& options, const config::Settings& settings) {
  net::Loop loop;
  table::Opening opening(&settings, &loop);
  postmap::Tables tables;
  for (const auto& name : options.tables) {
    auto table = table::open(name);
    if (!table) return fail(table.error());
    tables.push_back(std::move(*table));
  }
  postmap::Query query(options, loop, tables);
  if (options.list) {
    auto listed = query.everything();
    if (!listed) return fail(listed.error());
    return EXIT_SUCCESS;
  }
  Result<bool> found = false;
  if (*options.key != "-") {
    found = query.one(*options.key);
  } else {
    const auto text = whole_input();
    if (!text) return fail(text.error());
    found = options.headers || options.body ? query.message(*text) : query.lines(*text);
  }
  if (!found) return fail(found.error());
  return *found ? EXIT_SUCCESS : EXIT_FAILURE;
}

Result<int> change(const Options& options) {
  bool done = !options.remove;
  for (const auto& table : options.tables) {
    if (options.remove) {
      const auto gone = postmap::remove(options, table);
      if (!gone) return fail(gone.error());
      done = done || *gone;
    } else {
      auto built = postmap::build(options, table);
      if (!built) return fail(built.error());
    }
  }
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

Result<int> run(Options options) {
  const auto settings = read_settings(options);
  if (!settings) return fail(settings.error());
  config::TableParams params;
  auto loaded = params.load(*settings);
  if (!loaded) return fail(loaded.error());
  for (auto& table : options.tables) {
    if (table.find(':') == std::string::npos) table = concat(*params.default_database_type, ':', table);
  }
  if (options.mime && !options.headers && !options.body) log_warning("ignoring -m option without -b or -h");
  return options.query || options.list ? ask(options, *settings) : change(options);
}

int fail_with(const Error& error) {
  log_fatal(error.text);
  log::finish();
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv, argv + argc);
  if (words.empty()) words.emplace_back("postmap");
  const bool aliases = words.front().ends_with("postalias");
  log::open({aliases ? "postalias" : "postmap", "", log::Target::descriptor, Fd()});
  auto options = postmap::parse_options(words);
  if (!options) return fail_with(options.error());
  log::set_verbosity(options->verbose);
  const auto status = run(std::move(*options));
  if (!status) return fail_with(status.error());
  if (std::fflush(stdout) != 0) return fail_with(Error{Errc::io, "write standard output", 0});
  log::finish();
  return *status;
}
