#include "deliver/local/user_command.h"

#include <algorithm>

#include "deliver/common/content.h"
#include "deliver/common/mbox.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::deliver {

namespace {

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@%-_=+:,./ \t";

// Words that a shell does itself. "!" and an assignment in front need one too.
constexpr std::string_view kShellWords[] = {
    "alias",  "bg",      "break", "cd",    "command", "continue", "eval", "exec",  "exit",   "export", "fg",
    "for",    "getopts", "if",    "jobs",  "read",    "return",   "set",  "shift", "source", "time",   "trap",
    "ulimit", "umask",   "unset", "until", "wait",    "while",    "case", "exec",  ":",      ".",      "!"};

bool needs_shell(const std::string& command, const std::vector<std::string_view>& words) {
  if (words.empty() || command.find_first_not_of(kPlain) != std::string::npos) return true;
  const auto first = words.front();
  return first.find('=') != first.npos ||
         std::find(std::begin(kShellWords), std::end(kShellWords), first) != std::end(kShellWords);
}

void choose_words(RunCommand& what, const std::string& shell, const std::string& command) {
  if (!shell.empty()) {
    for (const auto word : split_words(shell, " \t")) what.words.emplace_back(word);
    what.words.push_back(command);
    return;
  }
  what.shell_command = command;
  const auto words = split_words(command, " \t");
  if (needs_shell(command, words)) return;
  for (const auto word : words) what.words.emplace_back(word);
}

void add_environment(RunCommand& what, const Step& step, const LocalSettings& settings,
                     const ipc::Deliver& message) {
  what.environment = settings.environment;
  const auto add = [&](std::string_view name, std::string_view value) {
    what.environment.push_back(concat(name, "=", filtered(value, *settings.params.command_expansion_filter)));
  };
  const auto add_given = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  };
  if (step.rights) add_given("HOME", step.rights->home);
  add("LOGNAME", step.user);
  add("USER", step.user);
  add("SENDER", step.sender);
  add("RECIPIENT", step.address);
  add("LOCAL", step.local);
  if (step.rights) add_given("SHELL", step.rights->shell);
  add_given("DOMAIN", step.domain);
  add_given("EXTENSION", step.extension);
  add_given("ORIGINAL_RECIPIENT", step.original);
  add_given("CLIENT_HOSTNAME", message.client.name);
  add_given("CLIENT_ADDRESS", message.client.address);
  add_given("CLIENT_HELO", message.client.helo);
  add_given("CLIENT_PROTOCOL", message.client.protocol);
  add_given("SASL_METHOD", message.client.sasl_method);
  add_given("SASL_SENDER", message.client.sasl_sender);
  add_given("SASL_USERNAME", message.client.sasl_username);
  add_given("ENVID", step.envid);
}

}  // namespace

Result<RunCommand> user_command(const Step& step, const LocalSettings& settings, const ipc::Deliver& message,
                                const std::string& command) {
  const auto directory = expand_local(*settings.params.command_execution_directory, step, settings,
                                      *settings.params.execution_directory_expansion_filter);
  if (!directory) {
    return fail(Errc::invalid, concat("bad parameter value syntax for command_execution_directory: ",
                                      directory.error().text));
  }
  const table::Account& user = step.rights && step.rights->uid != 0 ? *step.rights : settings.nobody;
  RunCommand what;
  choose_words(what, *settings.params.local_command_shell, command);
  add_environment(what, step, settings, message);
  what.uid = user.uid;
  what.gid = user.gid == 0 ? settings.nobody.gid : user.gid;
  what.directory = directory->text;
  what.limit = std::chrono::duration_cast<std::chrono::microseconds>(settings.command_limit).count();
  return what;
}

std::string command_head(const Step& step, const LocalSettings& settings) {
  std::string head =
      from_line(step.sender, wall_micros()) + return_path(step.sender) + original_to(step.original);
  if (settings.delivered_to_command) head += delivered_to(step.delivered);
  return head;
}

}  // namespace postern::deliver
