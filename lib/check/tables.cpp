#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/check/configuration.h"
#include "lib/config/lines.h"
#include "lib/table/address_lists.h"
#include "lib/table/match_list.h"
#include "lib/table/memory_tables.h"

namespace postern::check {

namespace {

// The table types of Postfix. `file`: the name is a path that must be there.
struct Type {
  std::string_view name;
  bool file = false;
};
constexpr Type kTypes[] = {{"btree", true},
                           {"cdb", true},
                           {"cidr", true},
                           {"dbm", true},
                           {"debug"},
                           {"environ"},
                           {"fail"},
                           {"hash", true},
                           {"inline"},
                           {"internal"},
                           {"ldap", true},
                           {"lmdb", true},
                           {"memcache", true},
                           {"mongodb", true},
                           {"mysql", true},
                           {"netinfo"},
                           {"nis"},
                           {"nisplus"},
                           {"pcre", true},
                           {"pgsql", true},
                           {"pipemap"},
                           {"randmap"},
                           {"regexp", true},
                           {"sdbm", true},
                           {"socketmap"},
                           {"sqlite", true},
                           {"static"},
                           {"tcp"},
                           {"texthash", true},
                           {"unionmap"},
                           {"unix"}};

const Type* find_type(std::string_view name) {
  const auto* type =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& t) { return t.name == name; });
  return type == std::end(kTypes) ? nullptr : type;
}

constexpr std::size_t kLargestTable = 1u << 30;

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
  constexpr std::string_view kMoreTables[] = {"alias_database", "header_checks", "body_checks"};
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

// What is in the way of reading the file; 0 when nothing is. Postfix builds some tables beside their source.
int obstacle(std::string_view path) {
  if (::access(std::string(path).c_str(), R_OK) == 0) return 0;
  const int problem = errno;
  for (const std::string_view suffix : {".db", ".cdb", ".lmdb"}) {
    if (::access(concat(path, suffix).c_str(), R_OK) == 0) return 0;
  }
  return problem;
}

class TableCheck {
 public:
  TableCheck(Configuration& configuration, const Setting& setting, Severity severity)
      : configuration_(configuration), setting_(setting), severity_(severity) {}

  void check(std::string_view word, bool only_tables) {
    std::string_view table = word;
    while (table.starts_with("proxy:")) table.remove_prefix(6);
    const auto colon = table.find(':');
    if (colon == table.npos) {
      if (only_tables)
        report(severity_, concat("bad table name \"", config::shown(word), "\": expected type:name"));
      return;
    }
    const auto* type = find_type(table.substr(0, colon));
    const auto name = table.substr(colon + 1);
    if (type == nullptr) {
      if (only_tables) unknown(word, table.substr(0, colon));
      return;
    }
    // local goes on without an alias table that it does not know.
    const bool is_optional = setting_.name == "alias_maps" && !table::is_supported(table);
    const auto severity = is_optional ? Severity::warning : severity_;
    if (type->file && name.starts_with('/') && !check_file(name, severity)) return;
    if (setting_.name.ends_with("_sasl_password_maps")) check_secret(name);
    if (table::is_supported(table)) return check_text(word, type->name, name);
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
          table::MatchList::parse(setting_.name, {std::string(word)}, table::MatchList::Kind::names);
      if (!list) configuration_.about(severity_, setting_, list.error().text);
    } else if (is_file) {
      check_file(word, severity_);
    } else if (word.find(':') != word.npos) {
      check(word, is_read);
    }
  }

 private:
  bool check_file(std::string_view path, Severity severity) {
    const int problem = obstacle(path);
    if (problem != 0) report(severity, concat("open ", config::shown(path), ": ", std::strerror(problem)));
    return problem == 0;
  }

  void unknown(std::string_view word, std::string_view type) {
    config::Likely likely(type);
    for (const auto& one : kTypes) likely.offer(one.name);
    report(severity_, concat("unknown table type: ", config::shown(type), " (in \"", config::shown(word),
                             "\")", likely.question()));
  }

  // As services open it at their start.
  void check_text(std::string_view word, std::string_view type, std::string_view name) {
    if (type != "texthash") return report_failure(table::open(word));
    const auto text = read_file(std::string(name), kLargestTable);
    if (!text) return report_failure(text);
    report_failure(table::parse_texthash(
        *text, name, [this](const std::string& warning) { report(Severity::warning, warning); }));
  }

  template <class T>
  void report_failure(const Result<T>& result) {
    if (!result) report(severity_, result.error().text);
  }

  // Passwords are for root alone.
  void check_secret(std::string_view path) {
    for (const std::string_view suffix : {"", ".db", ".cdb", ".lmdb"}) {
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

// A program that reads the parameter does not start without its tables.
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
