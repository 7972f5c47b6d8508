#include "deliver/local/settings.h"

#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <functional>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/command_params.h"
#include "lib/config/params/process_params.h"
#include "lib/daemon/command.h"

namespace postern::deliver {

namespace {

Result<std::optional<table::Account>> ask(
    const std::string& shown, const std::function<int(passwd*, char*, std::size_t, passwd**)>& call) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const int number = call(&entry, buffer.data(), buffer.size(), &found);
  if (number == ENOENT || number == ESRCH || (number == 0 && found == nullptr)) {
    return std::optional<table::Account>();
  }
  if (number != 0) return fail_errno(concat("error looking up passwd info for ", shown), number);
  table::Account account;
  account.name = entry.pw_name;
  account.uid = entry.pw_uid;
  account.gid = entry.pw_gid;
  account.home = entry.pw_dir;
  account.shell = entry.pw_shell;
  return std::optional<table::Account>(std::move(account));
}

// The path in TYPE:/path, behind any number of types; empty when there is none.
std::string path_of(std::string_view table) {
  const auto colon = table.rfind(':');
  const auto path = colon == table.npos ? std::string_view() : table.substr(colon + 1);
  return path.starts_with('/') ? std::string(path) : std::string();
}

std::optional<uid_t> owner_of_file(const std::string& path) {
  if (path.empty()) return std::nullopt;
  for (const char* suffix : {".lmdb", ".db", ""}) {
    struct stat status {};
    if (::stat((path + suffix).c_str(), &status) == 0) return status.st_uid;
  }
  return std::nullopt;
}

bool is_in(const config::List& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(), [&](const auto& one) { return iequals(one, word); });
}

Result<table::Maps> open_maps(const config::Settings& settings, std::string_view name) {
  const auto value = settings.value(name);
  if (!value) return fail(value.error());
  return table::Maps::open(name, *value);
}

}  // namespace

Result<std::optional<table::Account>> ask_for_user(const std::string& name) {
  return ask(name, [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return ::getpwnam_r(name.c_str(), entry, buffer, size, found);
  });
}

Result<std::optional<table::Account>> ask_for_user(uid_t uid) {
  return ask(std::to_string(uid), [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return ::getpwuid_r(uid, entry, buffer, size, found);
  });
}

bool LocalSettings::allows(const config::List& places, FoundIn place) {
  switch (place) {
    case FoundIn::envelope: return false;
    case FoundIn::alias: return is_in(places, "alias");
    case FoundIn::forward: return is_in(places, "forward");
    case FoundIn::include: return is_in(places, "include");
  }
  return false;
}

Result<void> LocalSettings::read(const config::Settings& settings) {
  config::MailboxParams mailbox;
  config::CommandParams command;
  config::ProcessParams process;
  auto done = params.load(settings);
  if (done) done = mailbox.load(settings);
  if (done) done = command.load(settings);
  if (done) done = process.load(settings);
  if (!done) return done;
  auto rules = read_lock_rules(*mailbox.mailbox_delivery_lock, mailbox);
  if (!rules) return fail(rules.error());
  locks = *rules;
  environment = daemon::exported_environment(*command.export_environment);
  command_limit = *command.command_time_limit;
  ask_limit = *process.ipc_timeout;
  const auto& headers = *params.prepend_delivered_header;
  delivered_to_command = is_in(headers, "command");
  delivered_to_file = is_in(headers, "file");
  delivered_to_forward = is_in(headers, "forward");
  auto user = ask_for_user(*params.default_privs);
  if (!user) return fail(user.error());
  if (!*user) {
    return fail(Errc::not_found, concat("default_privs: unknown user name value: ", *params.default_privs));
  }
  if ((*user)->uid == 0 || (*user)->gid == 0) {
    return fail(Errc::denied, concat("default_privs: ", *params.default_privs, " has the rights of root"));
  }
  nobody = std::move(**user);
  done = read_texts(settings);
  return done ? open_tables(settings) : done;
}

Result<void> LocalSettings::read_texts(const config::Settings& settings) {
  const struct {
    std::string_view name;
    std::string& value;
  } texts[] = {{"myhostname", host}, {"myorigin", origin}, {"recipient_delimiter", delimiter}};
  for (const auto& text : texts) {
    auto value = settings.value(text.name);
    if (!value) return fail(value.error());
    text.value = std::move(*value);
  }
  if (origin.starts_with('/')) {
    const auto file = read_file(origin, 1024);
    if (!file) return fail(file.error().kind, concat("myorigin: ", file.error().text));
    origin = std::string(trim(*file));
  }
  const auto limit = settings.value("duplicate_filter_limit");
  const auto propagated = settings.value("propagate_unmatched_extensions");
  if (!limit) return fail(limit.error());
  if (!propagated) return fail(propagated.error());
  duplicate_limit = static_cast<std::size_t>(parse_number(*limit).value_or(1000));
  const auto words = split_words(*propagated, config::kListSeparators);
  const auto propagates = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  propagate_alias = propagates("alias");
  propagate_forward = propagates("forward");
  propagate_include = propagates("include");
  return {};
}

Result<void> LocalSettings::open_tables(const config::Settings& settings) {
  const struct {
    std::string_view name;
    table::Maps& maps;
  } all[] = {{"mailbox_command_maps", mailbox_commands},
             {"mailbox_transport_maps", mailbox_transports},
             {"fallback_transport_maps", fallback_transports}};
  for (const auto& one : all) {
    auto opened = open_maps(settings, one.name);
    if (!opened) return fail(opened.error());
    one.maps = std::move(*opened);
  }
  const auto names = settings.value("alias_maps");
  if (!names) return fail(names.error());
  auto words = config::split_braced(*names, config::kListSeparators);
  if (!words) return fail(words.error().kind, concat("alias_maps: ", words.error().text));
  open_aliases(*words);
  return {};
}

// A table that cannot be opened stops no mail but what it might have the answer for.
void LocalSettings::open_aliases(const config::List& names) {
  for (const auto& name : names) {
    if (!table::is_supported(name)) {
      log_warning(concat("alias_maps: table type of ", name, " is not supported: it is left out"));
      continue;
    }
    AliasTable table;
    table.name = name;
    auto opened = table::Maps::open("alias_maps", config::List{name});
    table.is_there = opened.has_value();
    if (opened) {
      table.maps = std::move(*opened);
    } else {
      log_warning(opened.error().text);
    }
    const auto uid = owner_of_file(path_of(name));
    if (uid && *uid != 0) {
      auto account = ask_for_user(*uid);
      table.knows_owner = account && *account;
      if (table.knows_owner) table.owner = std::move(**account);
    }
    aliases.push_back(std::move(table));
  }
}

}  // namespace postern::deliver
