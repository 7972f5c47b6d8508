#include "commands/postern/sandbox_verb.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "commands/postern/sandbox.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/config/main_cf.h"
#include "lib/config/place.h"

namespace postern::commands {

namespace {

Result<unsigned> port_from(const std::string& text) {
  const auto number = parse_number(text);
  if (!number || *number < 1 || *number > 65535)
    return fail(Errc::invalid, concat("bad port number: ", text));
  return static_cast<unsigned>(*number);
}

bool is_domain(std::string_view text) {
  bool good = !text.empty() && text.size() <= 255 && is_alnum(text.front()) && is_alnum(text.back());
  for (const char c : text) good = good && (is_alnum(c) || c == '-' || c == '.');
  return good;
}

Result<void> read_values(Words& words, SandboxOptions& options) {
  const auto directory = words.value("--dir");
  if (!directory) return fail(directory.error());
  options.directory = directory->value_or("");
  const auto domain = words.value("--domain");
  if (!domain) return fail(domain.error());
  if (*domain) options.domain = lower(**domain);
  if (!is_domain(options.domain)) return fail(Errc::invalid, concat("bad domain: ", options.domain));
  const auto port = words.value("--port");
  if (!port) return fail(port.error());
  if (!*port) return {};
  const auto number = port_from(**port);
  if (!number) return fail(number.error());
  options.port = *number;
  return {};
}

Result<SandboxOptions> read_options(Words& words) {
  SandboxOptions options;
  auto read = read_values(words, options);
  if (!read) return fail(read.error());
  options.keep = words.flag("--keep");
  options.screen = words.flag("--screen");
  const auto settings = words.values("-o");
  if (!settings) return fail(settings.error());
  for (const auto& text : *settings) {
    auto setting = config::split_setting(text);
    if (!setting) return fail(Errc::invalid, concat("-o ", text, ": ", setting.error().text));
    options.settings.push_back(std::move(*setting));
  }
  const auto rest = words.rest(0);
  if (!rest) return fail(rest.error());
  options.programs = config::standard_service_directory();
  return options;
}

std::string in_json(const Sandbox& sandbox, std::int64_t ready) {
  JsonObject object;
  object.add("host", "127.0.0.1").add_number("port", sandbox.port()).add("domain", sandbox.domain());
  object.add("directory", sandbox.directory()).add("config_directory", sandbox.config_directory());
  object.add("queue_directory", sandbox.queue_directory()).add("maildir", sandbox.maildir());
  object.add("log", sandbox.log_file()).add_number("pid", ::getpid()).add_number("master", sandbox.master());
  return object.add_number("ready_ms", ready).add("stop", concat("kill ", ::getpid())).text();
}

std::string in_words(const Sandbox& sandbox, std::int64_t ready) {
  return concat("SMTP 127.0.0.1:", sandbox.port(), " takes mail for *@", sandbox.domain(), " into ",
                sandbox.maildir(), ", log ", sandbox.log_file(), ", configuration ",
                sandbox.config_directory(), ", ready after ", ready, " ms; Ctrl-C ends it");
}

}  // namespace

Result<int> sandbox(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  Words words(arguments.words);
  const bool json = words.flag("--json");
  auto options = read_options(words);
  if (!options) return fail(options.error());
  block_sandbox_signals();
  Sandbox sandbox(std::move(*options));
  auto started = sandbox.start();
  if (!started) return fail(started.error());
  const auto took = std::chrono::steady_clock::now() - began;
  const auto ready = std::chrono::duration_cast<milliseconds>(took).count();
  std::puts((json ? in_json(sandbox, ready) : in_words(sandbox, ready)).c_str());
  std::fflush(stdout);
  auto ended = sandbox.wait();
  if (!ended) return fail(ended.error());
  return EXIT_SUCCESS;
}

}  // namespace postern::commands
