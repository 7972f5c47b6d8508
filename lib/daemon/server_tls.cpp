#include "lib/daemon/server_tls.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/service.h"
#include "lib/daemon/tls_counters.h"
#include "lib/daemon/tls_names.h"
#include "lib/table/opening.h"

namespace postern::daemon {

namespace {

constexpr std::array<std::string_view, 6> kClientLevels = {"fingerprint", "dane",   "dane-only",
                                                           "half-dane",   "verify", "secure"};

// A default is for everybody, and nobody has needed older versions for long; whoever asks for them gets them.
std::string protocols_of(const config::Settings& settings, const config::Param<std::string>& param) {
  const bool is_chosen = settings.source(param.name()) != config::Source::standard;
  return is_chosen ? *param : ">=TLSv1.2";
}

Result<std::string> cipher_list(const config::TlsParams& all, const config::Param<std::string>& grade) {
  const std::pair<std::string_view, const std::string*> lists[] = {{"high", &*all.high_cipherlist},
                                                                   {"medium", &*all.medium_cipherlist},
                                                                   {"low", &*all.low_cipherlist},
                                                                   {"export", &*all.export_cipherlist},
                                                                   {"null", &*all.null_cipherlist}};
  for (const auto& [name, list] : lists) {
    if (iequals(name, *grade)) return *list;
  }
  return fail(Errc::invalid, concat(grade.name(), ": invalid cipher grade: \"", *grade, '"'));
}

// A server that nobody has told otherwise speaks what keeps a secret also when the key is known one day, and is open to no
// known attack. Some clients of 2013 have authenticated encryption with ECDSA alone, or with primes that everybody uses.
std::string sound_ciphers(const config::SmtpdTlsParams& tls) {
  const char* more = tls.eccert_file->empty() ? ":DHE+AESGCM:DHE+CHACHA20" : "";
  return concat("ECDHE+AESGCM:ECDHE+CHACHA20", more, ":!aNULL:!PSK:!SRP:!DSS");
}

bool has_sound_ciphers(const config::Settings& settings, const config::Param<std::string>& grade,
                       const config::TlsParams& all, const net::TlsServerOptions& options) {
  const auto is_standard = [&](const config::Param<std::string>& param) {
    return settings.source(param.name()) == config::Source::standard;
  };
  // Whoever asks for older versions wants ciphers for them too: these are all of TLS 1.2.
  constexpr int kTls12 = 0x0303;
  const auto versions = net::tls_versions(options.protocols);
  const bool is_new = versions && versions->front() >= kTls12;
  return is_standard(grade) && is_standard(all.medium_cipherlist) && is_new && !options.may_be_anonymous;
}

Result<void> choose_ciphers(const config::Settings& settings, const config::SmtpdTlsParams& tls,
                            const config::TlsParams& all, bool required, net::TlsServerOptions& options) {
  const auto& grade = required ? tls.mandatory_ciphers : tls.ciphers;
  auto list = has_sound_ciphers(settings, grade, all, options) ? Result<std::string>(sound_ciphers(tls))
                                                               : cipher_list(all, grade);
  if (!list) return fail(list.error());
  std::string excluded = *tls.exclude_ciphers;
  if (required) excluded += concat(' ', *tls.mandatory_exclude_ciphers);
  // Who shows no certificate asks for none.
  if (options.asks_certificate) excluded += " aNULL";
  options.ciphers = net::tls_cipher_list(*list, excluded);
  return {};
}

net::TlsServerOptions files_of(const config::SmtpdTlsParams& tls) {
  net::TlsServerOptions options;
  options.chain_files = *tls.chain_files;
  options.may_be_anonymous = iequals(*tls.cert_file, "none");
  const auto add = [&](const std::string& certificate, const std::string& key) {
    if (!certificate.empty() && !iequals(certificate, "none"))
      options.certificates.push_back({certificate, key});
  };
  add(*tls.cert_file, *tls.key_file);
  add(*tls.dcert_file, *tls.dkey_file);
  add(*tls.eccert_file, *tls.eckey_file);
  options.dh_file = *tls.dh1024_param_file;
  options.ca_file = *tls.CAfile;
  options.ca_path = *tls.CApath;
  return options;
}

// A word that is no number is none: "1,trace" is 1.
int log_level_of(const std::string& words) {
  const auto all = split_words(words);
  return all.empty() ? 0 : static_cast<int>(parse_number(all[0]).value_or(0));
}

// A ticket of a service that asks for more, or less, is none for this one.
std::string scope_of(const config::Settings& settings, const net::TlsServerOptions& options, TlsLevel level) {
  std::string scope;
  const auto add = [&scope](std::string_view part) { scope += concat(part.size(), ':', part); };
  add(settings.value("service_name").value_or(""));
  add(settings.value("process_name").value_or(""));
  add(level == TlsLevel::encrypt ? "encrypt" : "may");
  add(options.asks_certificate ? concat("asks ", options.verify_depth, options.digest) : "");
  for (const auto* text : {&options.ca_file, &options.ca_path, &options.protocols, &options.ciphers})
    add(*text);
  return scope;
}

// A process that has the old ones leaves, as with a table, and another reads the new ones.
void watch_files(const net::TlsServerOptions& options) {
  table::Opening* opening = table::Opening::now();
  if (opening == nullptr) return;
  const auto watch = [opening](const std::string& path) {
    struct stat status {};
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd && ::fstat(fd.get(), &status) == 0) opening->files().add(path, std::move(fd), status);
  };
  for (const auto& named : options.named) {
    for (const auto& path : named.files) watch(path);
  }
  for (const auto& path : options.chain_files) watch(path);
  if (!options.chain_files.empty()) return;
  for (const auto& files : options.certificates) {
    watch(files.certificate);
    if (files.key != files.certificate) watch(files.key);
  }
}

void log_failure(std::string_view client, const Error& error) {
  const bool late = error.kind == Errc::timeout, lost = error.kind == Errc::lost;
  log_info(concat("SSL_accept error from ", client, ": ",
                  late ? "Connection timed out" : (lost ? "lost connection" : "-1")));
  if (late || lost) return;
  if (error.kind == Errc::denied) return log_breach(client, error.text);
  for (const auto report : split_fields(error.text, ';')) {
    log_warning(concat("TLS library problem: ", printable(trim(report))));
  }
}

void open_context(const net::TlsServerOptions& options, ServerTls& opened) {
  watch_files(options);
  auto made = net::TlsServer::make(options);
  if (!made) {
    log_warning(made.error().text);
    return;
  }
  opened.context = std::move(*made);
  for (const auto& problem : opened.context->problems()) log_warning(problem);
}

}  // namespace

Result<TlsLevel> tls_level(std::string_view parameter, std::string_view word, bool use, bool enforce) {
  if (word.empty() && enforce) return TlsLevel::encrypt;
  if (word.empty()) return use ? TlsLevel::may : TlsLevel::none;
  if (iequals(word, "none")) return TlsLevel::none;
  if (iequals(word, "may")) return TlsLevel::may;
  if (iequals(word, "encrypt")) return TlsLevel::encrypt;
  for (const auto level : kClientLevels) {
    if (!iequals(word, level)) continue;
    log_warning(concat(parameter, ": unsupported TLS level \"", word, "\", using \"encrypt\""));
    return TlsLevel::encrypt;
  }
  return fail(Errc::invalid, concat(parameter, ": Invalid TLS level \"", word, '"'));
}

Result<ServerTls> open_server_tls(const config::Settings& settings, TlsLevel level) {
  ServerTls opened;
  opened.level = level;
  if (level == TlsLevel::none) return opened;
  config::SmtpdTlsParams tls;
  config::TlsParams all;
  for (config::ParamGroup* group :
       {static_cast<config::ParamGroup*>(&tls), static_cast<config::ParamGroup*>(&all)}) {
    auto loaded = group->load(settings);
    if (!loaded) return fail(loaded.error());
  }
  const bool required = opened.is_required();
  net::TlsServerOptions options = files_of(tls);
  opened.log_level = log_level_of(*tls.loglevel);
  opened.requires_certificate = required && *tls.req_ccert;
  if (!required && *tls.req_ccert) log_warning("Can't require client certs unless TLS is required");
  options.asks_certificate = *tls.ask_ccert || opened.requires_certificate;
  options.system_trust = *all.append_default_CA;
  options.verify_depth = *tls.ccert_verifydepth;
  options.digest = *tls.fingerprint_digest;
  options.protocols = protocols_of(settings, required ? tls.mandatory_protocols : tls.protocols);
  options.groups = *tls.eecdh_auto_curves;
  options.prefers_own_ciphers =
      *tls.preempt_cipherlist || settings.source(tls.preempt_cipherlist.name()) == config::Source::standard;
  options.session_lifetime = *tls.session_cache_timeout;
  auto named = choose_names(settings, tls, options);
  if (!named) return fail(named.error());
  const auto chosen = choose_ciphers(settings, tls, all, required, options);
  options.session_scope = scope_of(settings, options, level);
  if (chosen) {
    open_context(options, opened);
  } else {
    log_warning(chosen.error().text);
  }
  return opened;
}

void ServerTls::prepare(Context& process) const {
  if (context == nullptr) return;
  context->use_threads(process.loop());
  process.rights().threads = true;
  net::TlsTicketKeys* keys = process.ticket_keys();
  if (keys == nullptr) return;
  if (const auto shared = context->share_tickets(*keys); !shared) log_warning(shared.error().text);
}

std::string_view ServerTls::objection(const net::TlsFacts& facts) const {
  if (!requires_certificate || facts.is_trusted) return {};
  return facts.has_certificate ? "Client certificate not trusted" : "No client certificate presented";
}

void log_tls(const ServerTls& tls, std::string_view client, const Result<net::TlsFacts>& facts) {
  if (!facts) return log_failure(client, facts.error());
  if (tls.log_level >= 2 && facts->has_certificate) {
    log_info(concat(client, ": subject_CN=", printable(facts->subject), ", issuer=", printable(facts->issuer),
                    ", fingerprint=", facts->fingerprint, ", pkey_fingerprint=", facts->key_fingerprint));
  }
  if (tls.log_level >= 1) {
    log_info(concat(facts->standing(), " TLS connection ", facts->is_resumed ? "reused" : "established",
                    " from ", client, ": ", facts->text()));
  }
}

}  // namespace postern::daemon
