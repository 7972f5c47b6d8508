#include "commands/postdrop/permission.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/config/standards.h"
#include "lib/net/loop.h"
#include "lib/net/scope.h"
#include "lib/table/maps.h"
#include "lib/table/match_list.h"

namespace postern::postdrop {

namespace {

// Runs a question to a table to its end.
template <class T>
Result<T> answer_of(net::Loop& loop, net::Task<Result<T>> question) {
  std::optional<Result<T>> answer;
  const auto ask = [](net::Task<Result<T>> task, std::optional<Result<T>>& to, net::Loop& runs) -> net::Task<void> {
    auto result = co_await std::move(task);
    to.emplace(std::move(result));
    runs.stop();
  };
  net::Scope scope(loop);
  scope.spawn(ask(std::move(question), answer, loop));
  if (!answer) loop.run();
  if (!answer) return fail(Errc::io, "a table did not answer");
  return std::move(*answer);
}

bool allows(std::string_view pattern, const std::string& sender) {
  if (pattern == "*") return true;
  if (pattern.starts_with('@')) {
    const auto at = sender.rfind('@');
    return at != std::string::npos && iequals(sender.substr(at), pattern);
  }
  return iequals(pattern, sender);
}

}  // namespace

std::string login_of(uid_t uid) {
  const passwd* user = ::getpwuid(uid);
  return user == nullptr ? std::to_string(uid) : user->pw_name;
}

bool is_elevated() { return ::getuid() != 0 && (::getuid() != ::geteuid() || ::getgid() != ::getegid()); }

Result<std::string> config_directory(const std::string& wanted) {
  const std::string standard(config::standard_value("config_directory").value_or("/etc/postern"));
  if (wanted.empty() || wanted == standard || !is_elevated()) return wanted.empty() ? standard : wanted;
  const auto settings = config::Settings::load(standard);
  if (settings) {
    config::SubmissionParams params;
    const auto listed = settings->value("multi_instance_directories").value_or("");
    auto loaded = params.load(*settings);
    const auto& others = *params.alternate_config_directories;
    if (loaded && std::find(others.begin(), others.end(), wanted) != others.end()) return wanted;
    const auto words = split_words(listed);
    if (std::find(words.begin(), words.end(), wanted) != words.end()) return wanted;
  }
  return fail(Errc::denied, concat("the configuration directory ", wanted,
                                   " is not in alternate_config_directories of ", standard, "/main.cf"));
}

Result<void> check_user(const config::SubmissionParams& params, const std::string& login, uid_t uid) {
  if (*params.authorized_submit_users == config::List{"static:anyone"}) return {};
  const auto list = table::MatchList::parse("authorized_submit_users", *params.authorized_submit_users,
                                            table::MatchList::Kind::names);
  if (!list) return fail(list.error());
  net::Loop loop;
  auto found = answer_of(loop, list->matches(login));
  if (!found) return fail(found.error());
  if (!*found) return fail(Errc::denied, concat("User ", login, "(", uid, ") is not allowed to submit mail"));
  return {};
}

Result<void> check_sender(const config::SubmissionParams& params, const std::string& login, const std::string& sender) {
  if (*params.local_login_sender_maps == "static:*") return {};
  const auto maps = table::Maps::open("local_login_sender_maps", *params.local_login_sender_maps);
  if (!maps) return fail(maps.error());
  net::Loop loop;
  auto found = answer_of(loop, maps->lookup(login));
  if (!found) return fail(found.error());
  const std::string& name = sender.empty() ? *params.empty_sender_key : sender;
  if (found->has_value()) {
    for (const auto pattern : split_words(**found)) {
      if (allows(pattern, name)) return {};
    }
  }
  return fail(Errc::denied, concat("User ", login, " is not allowed to send mail as <", sender, ">"));
}

}  // namespace postern::postdrop
