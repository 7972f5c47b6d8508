#include "lib/table/accounts.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include "lib/base/text.h"
#include "lib/table/memory_tables.h"
#include "lib/table/opening.h"

namespace postern::table {

namespace {

// Other databases of users than the files are not seen to change.
void watch(const char* path) {
  Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (Opening::now() == nullptr || !file || ::fstat(file.get(), &status) != 0) return;
  Opening::now()->files().add(path, std::move(file), status);
}

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

Values user_lines() {
  Values values;
  const auto accounts = Accounts::read();
  for (const auto& [name, account] : accounts.all()) values.try_emplace(lower(name), account.line());
  return values;
}

Values group_lines() {
  watch("/etc/group");
  Values values;
  ::setgrent();
  while (const group* entry = ::getgrent()) {
    std::string members;
    for (char** member = entry->gr_mem; *member != nullptr; ++member) {
      if (!members.empty()) members += ',';
      members += *member;
    }
    values.try_emplace(lower(entry->gr_name), concat(entry->gr_name, ":x:", entry->gr_gid, ':', members));
  }
  ::endgrent();
  return values;
}

}  // namespace

std::string Account::line() const {
  return concat(name, ":x:", uid, ':', gid, ':', comment, ':', home, ':', shell);
}

Accounts Accounts::read() {
  watch("/etc/passwd");
  Accounts accounts;
  ::setpwent();
  while (const passwd* entry = ::getpwent()) {
    Account account;
    account.name = text_of(entry->pw_name);
    account.uid = entry->pw_uid;
    account.gid = entry->pw_gid;
    account.comment = text_of(entry->pw_gecos);
    account.home = text_of(entry->pw_dir);
    account.shell = text_of(entry->pw_shell);
    accounts.add(std::move(account));
  }
  ::endpwent();
  return accounts;
}

void Accounts::add(Account account) {
  auto name = account.name;
  by_name_.try_emplace(std::move(name), std::move(account));
}

const Account* Accounts::find(std::string_view name) const {
  const auto place = by_name_.find(name);
  return place == by_name_.end() ? nullptr : &place->second;
}

Result<std::unique_ptr<Table>> open_unix(std::string name, std::string_view argument) {
  if (argument == "passwd.byname") return std::make_unique<PairTable>(std::move(name), user_lines());
  if (argument == "group.byname") return std::make_unique<PairTable>(std::move(name), group_lines());
  return fail(Errc::invalid, concat(name, ": expected unix:passwd.byname or unix:group.byname"));
}

}  // namespace postern::table
