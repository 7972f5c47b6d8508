#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/lines.h"
#include "lib/table/address_lists.h"
#include "lib/table/match_list.h"
#include "lib/table/opening.h"
#include "lib/table/table.h"

namespace postern::check {

namespace {

// domains: a list that services read into a MatchList when they start.
enum class Use { none, tables, list, domains };

template <class Names>
bool has_ending(std::string_view name, const Names& endings) {
  return std::any_of(std::begin(endings), std::end(endings), [&](auto end) { return name.ends_with(end); });
}

// What stands in the value of a parameter, which its name tells.
Use use_of(std::string_view name) {
  constexpr std::string_view kTables[] = {"_maps",         "_header_checks", "_body_checks",
                                          "_reply_filter", "_status_filter", "_command_filter"};
  constexpr std::string_view kMoreTables[] = {"alias_database", "header_checks", "body_checks",
                                              "postscreen_dnsbl_reply_map"};
  constexpr std::string_view kLists[] = {"_domains",    "_networks",     "_clients",   "_hosts",
                                         "_exceptions", "_destinations", "_exclusions"};
  constexpr std::string_view kDomains[] = {"mydestination", "relay_domains", "virtual_alias_domains",
                                           "virtual_mailbox_domains"};
  if (std::find(std::begin(kDomains), std::end(kDomains), name) != std::end(kDomains)) return Use::domains;
  if (name.starts_with("proxy_")) return Use::none;
  if (has_ending(name, table::kAddressLists)) return Use::none;
  if (has_ending(name, kTables)) return Use::tables;
  if (std::find(std::begin(kMoreTables), std::end(kMoreTables), name) != std::end(kMoreTables))
    return Use::tables;
  return has_ending(name, kLists) ? Use::list : Use::none;
}

// "$name" or "${name}" of a parameter, which has a place of its own.
bool is_reference(const config::Catalog& catalog, std::string_view word) {
  if (!word.starts_with('$')) return false;
  word.remove_prefix(1);
  if (word.starts_with('{') && word.ends_with('}')) word = word.substr(1, word.size() - 2);
  const auto* known = catalog.find(word);
  return known != nullptr && known->kind == config::NameClass::builtin;
}

// What is built beside a table's source.
constexpr std::string_view kBuilt[] = {".db", ".lmdb", ".cdb"};

// What is in the way of reading the file; 0 when nothing is. Postfix builds some tables beside their source.
int obstacle(std::string_view path) {
  if (::access(std::string(path).c_str(), R_OK) == 0) return 0;
  const int problem = errno;
  for (const std::string_view suffix : kBuilt) {
    if (::access(concat(path, suffix).c_str(), R_OK) == 0) return 0;
  }
  return problem;
}

class TableCheck {
 public:
  TableCheck(Configuration& configuration, const Setting& setting, Severity severity)
      : configuration_(configuration), setting_(setting), severity_(severity) {}

  void check(std::string_view word, bool only_tables) {
    const auto [type_name, name] = table::split_name(word);
    if (type_name.empty()) {
      if (only_tables)
        report(severity_, concat("bad table name \"", config::shown(word), "\": expected type:name"));
      return;
    }
    const auto* type = table::find_type(type_name);
    if (type == nullptr) {
      if (only_tables) unknown(word, type_name);
      return;
    }
    // local goes on without an alias table that it does not know.
    const bool is_optional = setting_.name == "alias_maps" && type->open == nullptr;
    const auto severity = is_optional ? Severity::warning : severity_;
    if (type->is_file && name.starts_with('/') && !check_file(name)) return;
    if (setting_.name.ends_with("_sasl_password_maps")) check_secret(name);
    if (type->open != nullptr) return check_content(word);
    // Where nothing happens in this version, nothing can go wrong.
    if (severity == Severity::error || !is_ineffective()) {
      report(severity, concat("unsupported table type: ", type->name, " (in \"", config::shown(word), "\")"));
    }
  }

  // A word of a list: a table, "/file/name", or any text; `!` in front of each.
  void check_pattern(std::string_view word, bool is_read) {
    while (word.starts_with('!')) word.remove_prefix(1);
    const bool is_file = word.starts_with('/');
    if (is_read && (is_file || word.empty())) {
      const auto list =
          table::MatchList::parse(setting_.name, {std::string(word)}, table::MatchList::Kind::names,
                                  table::MatchList::Broken::refuse);
      if (!list) configuration_.about(severity_of(list.error()), setting_, list.error().text);
    } else if (is_file) {
      check_file(word);
    } else if (word.find(':') != word.npos) {
      check(word, is_read);
    }
  }

 private:
  // A file that cannot be read today fails lookups, not the start of a service.
  Severity severity_of(const Error& error) const {
    return error.kind == Errc::invalid ? severity_ : Severity::warning;
  }

  bool check_file(std::string_view path) {
    const int problem = obstacle(path);
    if (problem != 0)
      report(Severity::warning, concat("open ", config::shown(path), ": ", std::strerror(problem)));
    return problem == 0;
  }

  void unknown(std::string_view word, std::string_view type) {
    config::Likely likely(type);
    for (const auto& one : table::types()) likely.offer(one.name);
    report(severity_, concat("unknown table type: ", config::shown(type), " (in \"", config::shown(word),
                             "\")", likely.question()));
  }

  // As services open it at their start, but no server is asked.
  void check_content(std::string_view word) {
    const table::Opening opening(
        &configuration_.settings(), nullptr,
        [this](table::Trouble, const std::string& text) { report(Severity::warning, text); });
    const auto opened = table::open(word);
    if (!opened) report(severity_of(opened.error()), opened.error().text);
  }

  // Passwords are for root alone.
  void check_secret(std::string_view path) {
    for (const std::string_view suffix : {std::string_view(), kBuilt[0], kBuilt[1], kBuilt[2]}) {
      struct stat status {};
      const auto file = concat(path, suffix);
      if (!path.starts_with('/') || ::stat(file.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0)
        continue;
      report(Severity::warning, concat(file, ": everybody may read these passwords: chmod o-r ", file));
    }
  }

  bool is_ineffective() {
    const auto* param = configuration_.find_param(setting_.name);
    return param != nullptr && param->spec().effect == config::Effect::not_yet;
  }

  void report(Severity severity, std::string_view text) {
    configuration_.about(severity, setting_, concat(setting_.name, ": ", text));
  }

  Configuration& configuration_;
  const Setting& setting_;
  Severity severity_;
};

// The words of the value, with what they refer to, but without other parameters, which are judged where they
// stand.
config::List own_words(Configuration& configuration, const Setting& setting,
                       const config::Settings& settings) {
  config::List words;
  for (const auto& word :
       config::split_braced(setting.value, config::kListSeparators).value_or(config::List())) {
    if (is_reference(configuration.catalog(), word)) continue;
    const auto expanded = settings.expand(word);
    const auto parts = expanded ? config::split_braced(*expanded, config::kListSeparators)
                                : Result<config::List>(config::List());
    if (parts) words.insert(words.end(), parts->begin(), parts->end());
  }
  return words;
}

// What a program that reads the parameter makes no sense of.
Severity severity_of(Configuration& configuration, std::string_view name) {
  const auto* param = configuration.find_param(name);
  const bool read = param != nullptr && param->spec().effect == config::Effect::yes;
  return read ? Severity::error : Severity::warning;
}

}  // namespace

void check_table(Configuration& configuration, const Setting& setting, std::string_view word,
                 Severity severity, bool only_tables) {
  TableCheck(configuration, setting, severity).check(word, only_tables);
}

void check_tables(Configuration& configuration, const Setting& setting, const config::Settings& settings) {
  const Use use = use_of(setting.name);
  if (use == Use::none || configuration.catalog().find(setting.name) == nullptr) return;
  const auto severity = severity_of(configuration, setting.name);
  if (const auto words = config::split_braced(setting.value, config::kListSeparators); !words) {
    return configuration.about(severity, setting, concat(setting.name, ": ", words.error().text));
  }
  TableCheck check(configuration, setting, severity);
  for (const auto& word : own_words(configuration, setting, settings)) {
    if (use == Use::tables) {
      check.check(word, true);
    } else {
      check.check_pattern(word, use == Use::domains);
    }
  }
}

bool takes_words(Configuration& configuration, std::string_view name) {
  constexpr std::string_view kMore[] = {"_restrictions", "_milters", "_interfaces", "_protocols",
                                        "_classes",      "_options", "_keywords",   "_transports"};
  const auto* param = configuration.find_param(name);
  if (param != nullptr && param->type() == "list") return true;
  return use_of(name) != Use::none || has_ending(name, kMore) || has_ending(name, table::kAddressLists);
}

}  // namespace postern::check
