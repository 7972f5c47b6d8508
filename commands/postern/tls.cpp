#include "commands/postern/tls.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "commands/postern/tls_files.h"
#include "lib/base/exec.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/place.h"
#include "lib/control/mail_system.h"
#include "lib/history/tls_history.h"

namespace postern::commands {

namespace {

constexpr std::size_t kMostNames = 100;

constexpr const char* kTlsHelp = R"(usage: postern tls VERB

  enable-server [-a ecdsa|rsa] [-b BITS] [HOST...]
                         STARTTLS for clients: new keys, both of them without -a, certificates that they sign
                         themselves, and main.cf to use them; if no smtpd_tls_* is set yet
  enable-client          TLS to servers that offer it, if no smtp_tls_* is set yet
  new-server-key [-a ecdsa|rsa] [-b BITS] [HOST...]
                         a key and its own certificate, not yet in use; says how to put it into use
  new-server-cert [-a ecdsa|rsa] [-b BITS] [HOST...]
                         the same with the key that is in use, if there is one: TLSA records stay good
  deploy-server-cert CERTFILE [KEYFILE]
                         main.cf uses this certificate, with those above it, and its key
  output-server-csr [-k KEYFILE|ecdsa|rsa] [HOST...]
                         a request to have the key signed by an authority
  output-server-tlsa [-h HOST] [KEYFILE|ecdsa|rsa...]
                         TLSA records for DNS
  all-default-server, all-default-client
                         status 0 if no smtpd_tls_* (smtp_tls_*) is set
  forget HOST            what TLS this server, or those of this destination, had before: less is no downgrade then

Files go to the directory tls/ of the configuration. HOST is myhostname if it is not given.
)";

struct Options {
  std::optional<KeyKind> kind;
  unsigned bits = 0;
  std::vector<std::string> names;
};

void print_line(const std::string& text) { std::printf("%s\n", text.c_str()); }

Result<KeyKind> kind_named(const std::string& name) {
  if (iequals(name, "rsa")) return KeyKind::rsa;
  if (iequals(name, "ecdsa")) return KeyKind::ecdsa;
  return fail(Errc::invalid, concat("no algorithm of keys: ", name, " (rsa, ecdsa)"));
}

const char* certificate_parameter(KeyKind kind) {
  return kind == KeyKind::rsa ? "smtpd_tls_cert_file" : "smtpd_tls_eccert_file";
}

const char* key_parameter(KeyKind kind) {
  return kind == KeyKind::rsa ? "smtpd_tls_key_file" : "smtpd_tls_eckey_file";
}

Result<Options> read_options(Words words, const config::Settings& settings) {
  Options options;
  const auto kind = words.value("-a");
  if (!kind) return fail(kind.error());
  if (*kind) {
    const auto named = kind_named(**kind);
    if (!named) return fail(named.error());
    options.kind = *named;
  }
  const auto bits = words.value("-b");
  if (!bits) return fail(bits.error());
  const auto number = *bits ? parse_number(**bits) : std::optional<std::int64_t>(0);
  if (!number || *number < 0 || *number > 100'000)
    return fail(Errc::invalid, concat("not a number of bits: ", **bits));
  options.bits = static_cast<unsigned>(*number);
  auto names = words.rest(kMostNames);
  if (!names) return fail(names.error());
  options.names = std::move(*names);
  if (!options.names.empty()) return options;
  const auto host = settings.value("myhostname");
  if (!host) return fail(host.error());
  options.names = {*host};
  return options;
}

bool is_default(const config::Settings& settings, std::string_view prefix) {
  const auto& entries = settings.main_cf().entries();
  return std::none_of(entries.begin(), entries.end(), [&](const config::Entry& entry) {
    return entry.name.starts_with(prefix) && entry.name != concat(prefix, "exclude_ciphers");
  });
}

bool serves_by_default(const config::Settings& settings) {
  return is_default(settings, "smtpd_tls_") && settings.source("smtpd_use_tls") != config::Source::main_cf &&
         settings.source("smtpd_enforce_tls") != config::Source::main_cf;
}

bool sends_by_default(const config::Settings& settings) {
  return is_default(settings, "smtp_tls_") && settings.source("smtp_use_tls") != config::Source::main_cf &&
         settings.source("smtp_enforce_tls") != config::Source::main_cf;
}

// By postconf, so that the edit is in its history and can be taken back.
Result<void> edit(const control::MailSystem& system, std::vector<std::string> settings) {
  std::vector<std::string> words{concat(config::own_directory(), "/postconf"), "-c", system.directory()};
  words.insert(words.end(), settings.begin(), settings.end());
  pid_t child = -1;
  const int error =
      ::posix_spawn(&child, words[0].c_str(), nullptr, nullptr, pointers_to(words).data(), environ);
  if (error != 0) return fail_errno(concat("run ", words[0]), error);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return {};
  return fail(Errc::invalid, "main.cf was not changed");
}

std::string stamp() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return text;
}

// The path of a new file with the key.
Result<std::string> make_file(const control::MailSystem& system, const std::string& key,
                              const Options& options) {
  const auto kind = kind_of_key(key);
  if (!kind) return fail(kind.error());
  std::string path =
      concat(config::own_keys_directory(system.directory()), "/", name_of(*kind), "-", stamp(), ".pem");
  auto made = make_key_file(path, key, options.names);
  if (!made) return fail(made.error());
  return path;
}

Result<std::string> make_file(const control::MailSystem& system, KeyKind kind, const Options& options) {
  const auto key = make_key(kind, options.bits);
  if (!key) return fail(key.error());
  return make_file(system, *key, options);
}

std::vector<std::string> use_of(KeyKind kind, const std::string& certificate, const std::string& key) {
  return {concat(certificate_parameter(kind), "=", certificate), concat(key_parameter(kind), "=", key)};
}

void add_level(const config::Settings& settings, std::vector<std::string>& edits) {
  const auto set = [&](const char* name, const char* value) {
    if (settings.source(name) != config::Source::main_cf) edits.push_back(concat(name, "=", value));
  };
  set("smtpd_tls_security_level", "may");
  set("smtpd_tls_loglevel", "1");
  set("smtpd_tls_received_header", "yes");
}

void print_reload(const control::MailSystem& system) {
  if (system.master()) print_line("The mail system goes on as before until it is told: postern reload");
}

Result<int> enable_server(const control::MailSystem& system, Words words) {
  const auto options = read_options(std::move(words), system.settings());
  if (!options) return fail(options.error());
  if (!serves_by_default(system.settings())) {
    print_line("main.cf says already how the server uses TLS: nothing was changed");
    return EXIT_FAILURE;
  }
  std::vector<std::string> edits;
  for (const KeyKind kind : {KeyKind::ecdsa, KeyKind::rsa}) {
    if (options->kind && *options->kind != kind) continue;
    const auto path = make_file(system, kind, *options);
    if (!path) return fail(path.error());
    print_line(concat("new: ", *path));
    for (auto& one : use_of(kind, *path, *path)) edits.push_back(std::move(one));
  }
  add_level(system.settings(), edits);
  auto edited = edit(system, std::move(edits));
  if (!edited) return fail(edited.error());
  print_reload(system);
  return EXIT_SUCCESS;
}

Result<int> enable_client(const control::MailSystem& system, Words words) {
  const auto rest = words.rest(0);
  if (!rest) return fail(rest.error());
  if (!sends_by_default(system.settings())) {
    print_line("main.cf says already how the client uses TLS: nothing was changed");
    return EXIT_FAILURE;
  }
  auto edited = edit(system, {"smtp_tls_security_level=may", "smtp_tls_loglevel=1"});
  if (!edited) return fail(edited.error());
  print_reload(system);
  return EXIT_SUCCESS;
}

void print_next(const std::string& path) {
  print_line(concat("new: ", path));
  print_line(concat("to use it:               postern tls deploy-server-cert ", path));
  print_line(concat("to have it signed:       postern tls output-server-csr -k ", path));
  print_line(concat("for TLSA records in DNS: postern tls output-server-tlsa ", path));
}

Result<int> new_server_key(const control::MailSystem& system, Words words) {
  const auto options = read_options(std::move(words), system.settings());
  if (!options) return fail(options.error());
  const auto path = make_file(system, options->kind.value_or(KeyKind::ecdsa), *options);
  if (!path) return fail(path.error());
  print_next(*path);
  return EXIT_SUCCESS;
}

// The text of the key that is in use; empty: none.
Result<std::string> key_in_use(const config::Settings& settings, KeyKind kind) {
  const auto path = settings.value(key_parameter(kind));
  if (!path) return path;
  if (path->empty()) return std::string();
  return read_file(*path);
}

Result<int> new_server_cert(const control::MailSystem& system, Words words) {
  const auto options = read_options(std::move(words), system.settings());
  if (!options) return fail(options.error());
  const KeyKind kind = options->kind.value_or(KeyKind::ecdsa);
  const auto key = key_in_use(system.settings(), kind);
  if (!key) return fail(key.error());
  const auto alone = key->empty() ? make_key(kind, options->bits) : key_alone(*key);
  if (!alone) return fail(alone.error());
  const auto path = make_file(system, *alone, *options);
  if (!path) return fail(path.error());
  print_next(*path);
  return EXIT_SUCCESS;
}

Result<int> deploy_server_cert(const control::MailSystem& system, Words words) {
  const auto files = words.rest(2);
  if (!files) return fail(files.error());
  if (files->empty())
    return fail(Errc::invalid, "say which file: postern tls deploy-server-cert CERTFILE KEYFILE");
  const std::string &certificate = files->front(), &key = files->back();
  const auto chain = read_file(certificate), own = read_file(key);
  if (!chain) return fail(chain.error());
  if (!own) return fail(own.error());
  const auto fits = check_pair(*chain, *own);
  if (!fits) return fail(fits.error().kind, concat(certificate, ", ", key, ": ", fits.error().text));
  const auto kind = kind_of_key(*own);
  if (!kind) return fail(kind.error().kind, concat(key, ": ", kind.error().text));
  auto edits = use_of(*kind, certificate, key);
  add_level(system.settings(), edits);
  auto edited = edit(system, std::move(edits));
  if (!edited) return fail(edited.error());
  print_reload(system);
  return EXIT_SUCCESS;
}

// A file, or the word for one that is in use.
Result<std::string> key_text(const config::Settings& settings, const std::string& word) {
  if (!iequals(word, "rsa") && !iequals(word, "ecdsa")) return read_file(word);
  auto text = key_in_use(settings, *kind_named(word));
  if (text && text->empty()) return fail(Errc::not_found, concat("no key in use: ", word));
  return text;
}

Result<int> output_server_csr(const control::MailSystem& system, Words words) {
  const auto file = words.value("-k");
  if (!file) return fail(file.error());
  const auto options = read_options(std::move(words), system.settings());
  if (!options) return fail(options.error());
  const auto key = key_text(system.settings(), file->value_or("ecdsa"));
  if (!key) return fail(key.error());
  const auto request = request_signature(*key, options->names);
  if (!request) return fail(request.error());
  std::fputs(request->c_str(), stdout);
  return EXIT_SUCCESS;
}

Result<int> output_server_tlsa(const control::MailSystem& system, Words words) {
  const auto host = words.value("-h");
  if (!host) return fail(host.error());
  const auto own = system.settings().value("myhostname");
  if (!own) return fail(own.error());
  auto files = words.rest(kMostNames);
  if (!files) return fail(files.error());
  const bool is_told = !files->empty();
  for (const KeyKind kind : {KeyKind::ecdsa, KeyKind::rsa}) {
    const auto key = is_told ? Result<std::string>("") : key_in_use(system.settings(), kind);
    if (!key) return fail(key.error());
    if (!key->empty()) files->emplace_back(name_of(kind));
  }
  if (files->empty()) return fail(Errc::not_found, "the server has no key: postern tls enable-server");
  for (const auto& file : *files) {
    const auto key = key_text(system.settings(), file);
    if (!key) return fail(key.error());
    const auto data = tlsa_data(*key);
    if (!data) return fail(data.error().kind, concat(file, ": ", data.error().text));
    print_line(concat("_25._tcp.", host->value_or(*own), ". IN TLSA ", *data));
  }
  return EXIT_SUCCESS;
}

Result<int> all_default_server(const control::MailSystem& system, Words) {
  return serves_by_default(system.settings()) ? EXIT_SUCCESS : EXIT_FAILURE;
}

Result<int> all_default_client(const control::MailSystem& system, Words) {
  return sends_by_default(system.settings()) ? EXIT_SUCCESS : EXIT_FAILURE;
}

Result<int> forget_server(const control::MailSystem& system, Words words) {
  const auto names = words.rest(1);
  if (!names) return fail(names.error());
  if (names->empty()) return fail(Errc::invalid, "say which server: postern tls forget HOST");
  const auto path = system.settings().value("smtp_tls_history_database");
  if (!path) return fail(path.error());
  if (path->empty())
    return fail(Errc::not_found, "smtp_tls_history_database is empty: nothing is remembered");
  const auto history = history::TlsHistory::open(*path, history::TlsHistory::Access::change);
  if (!history) return fail(history.error());
  const auto forgotten = (*history)->forget(names->front());
  if (!forgotten) return fail(forgotten.error());
  print_line(concat("forgotten: ", *forgotten));
  return *forgotten > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct TlsVerb {
  std::string_view name;
  Result<int> (*run)(const control::MailSystem&, Words);
};
constexpr TlsVerb kTlsVerbs[] = {
    {"enable-server", enable_server},           {"enable-client", enable_client},
    {"new-server-key", new_server_key},         {"new-server-cert", new_server_cert},
    {"deploy-server-cert", deploy_server_cert}, {"output-server-csr", output_server_csr},
    {"output-server-tlsa", output_server_tlsa}, {"all-default-server", all_default_server},
    {"all-default-client", all_default_client}, {"forget", forget_server}};

}  // namespace

Result<int> tls(const Arguments& arguments) {
  if (arguments.words.empty() || arguments.words.front() == "help") {
    std::fputs(kTlsHelp, stdout);
    return arguments.words.empty() ? EXIT_FAILURE : EXIT_SUCCESS;
  }
  const auto found = std::find_if(std::begin(kTlsVerbs), std::end(kTlsVerbs),
                                  [&](const TlsVerb& verb) { return verb.name == arguments.words.front(); });
  if (found == std::end(kTlsVerbs))
    return fail(Errc::invalid, concat("unknown verb: tls ", arguments.words.front(), " (postern tls help)"));
  const auto system = control::MailSystem::open(arguments.directory);
  if (!system) return fail(system.error());
  return found->run(*system, Words({arguments.words.begin() + 1, arguments.words.end()}));
}

}  // namespace postern::commands
