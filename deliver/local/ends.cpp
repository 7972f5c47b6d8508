// Where an expansion ends: .forward files, mailboxes, commands, files, and other agents.
#include <unistd.h>

#include "deliver/common/command_input.h"
#include "deliver/common/command_result.h"
#include "deliver/common/content.h"
#include "deliver/common/mbox.h"
#include "deliver/local/expansion.h"
#include "deliver/local/user_command.h"
#include "deliver/local/user_file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/config/words.h"
#include "lib/table/transport.h"

namespace postern::deliver {

namespace {

constexpr Duration kAgentAnswer = std::chrono::hours(1);
constexpr Duration kFileLimit = std::chrono::hours(1);  // locks have limits of their own

Outcome lookup_trouble() { return Outcome::deferred("4.3.0", "table lookup failure"); }

}  // namespace

std::vector<std::string> Expansion::forward_paths(const Step& step, std::vector<bool>& has_extension) const {
  std::vector<std::string> paths;
  const auto words = config::split_braced(*settings().params.forward_path, config::kListSeparators);
  if (!words) {
    log_warning(concat("forward_path: ", words.error().text));
    return paths;
  }
  for (const auto& word : *words) {
    const auto path = expand_local(word, step, settings(), *settings().params.forward_expansion_filter);
    if (!path) log_warning(concat("forward_path: ", path.error().text));
    if (!path || !path->complete || !path->text.starts_with('/')) continue;
    paths.push_back(path->text);
    has_extension.push_back(path->has_extension);
  }
  return paths;
}

net::Task<bool> Expansion::deliver_forward_file(Step step) {
  if (settings().params.forward_path->empty()) co_return false;
  auto account = local_.account_of(step.user);
  if (!account || !*account) co_return false;  // the mailbox says so
  step.rights = **account;
  std::vector<bool> has_extension;
  const auto paths = forward_paths(step, has_extension);
  if (paths.empty()) co_return false;
  const std::function<UserFile()> read = [paths, user = **account] { return read_forward_file(paths, user); };
  auto file = co_await local_.workers().run<UserFile>(read);
  if (file.path.empty()) co_return false;
  if (only_verifies()) {
    co_await finish(std::move(step), Outcome::sent(concat("forward via file: ", file.path)));
    co_return true;
  }
  if (been_here(concat("forward ", file.path))) co_return been_.count(concat("forward-done ", file.path)) > 0;
  if (!file.problem.empty()) {
    log_warning(file.problem);
    co_return false;
  }
  auto list = mail::parse_destination_lines(file.text);
  if (list.empty()) co_return false;
  if (has_extension[file.which] || !settings().propagate_forward) step.unmatched.clear();
  step.expanded_from = step.local;
  step.owner = step.user;
  step.place = FoundIn::forward;
  step.notify = without_success(step.notify);
  if (!*settings().params.frozen_delivered_to) step.delivered = step.address;
  expanded_ = true;
  co_await deliver_list(std::move(step), std::move(list));
  been_.insert(concat("forward-done ", file.path));
  co_return true;
}

net::Task<bool> Expansion::pass_by_table(Step step, const table::Maps& maps, const std::string& otherwise) {
  std::string transport = otherwise;
  if (!maps.empty()) {
    auto found = co_await maps.lookup(step.user);
    if (!found) {
      log_warning(found.error().text);
      co_await finish(std::move(step), lookup_trouble());
      co_return true;
    }
    if (*found) transport = **found;
  }
  if (transport.empty()) co_return false;
  co_await pass_on(std::move(step), std::move(transport));
  co_return true;
}

// To a mailbox of the user, in one of its forms. False: there is no such user.
net::Task<bool> Expansion::deliver_user(Step step) {
  if (been_here(concat("mailbox ", step.local))) co_return true;
  const auto& params = settings().params;
  const bool passed = co_await pass_by_table(step, settings().mailbox_transports, *params.mailbox_transport);
  if (passed) co_return true;
  auto account = local_.account_of(step.user);
  if (!account) {
    log_warning(account.error().text);
    co_await finish(std::move(step), Outcome::deferred("4.3.0", "user lookup error"));
    co_return true;
  }
  if (!*account) co_return false;
  step.rights = **account;
  if (*params.require_home_directory && ::access((*account)->home.c_str(), F_OK) != 0) {
    co_await finish(std::move(step),
                    Outcome::deferred("4.3.0", concat("cannot access home directory ", (*account)->home)));
    co_return true;
  }
  std::string command = *params.mailbox_command;
  if (!settings().mailbox_commands.empty()) {
    auto found = co_await settings().mailbox_commands.lookup(step.user);
    if (!found) {
      log_warning(found.error().text);
      co_await finish(std::move(step), lookup_trouble());
      co_return true;
    }
    if (*found) command = **found;
  }
  if (!command.empty()) {
    co_await deliver_command(std::move(step), std::move(command));
    co_return true;
  }
  MailboxDelivery delivery = local_.mailbox_delivery(**account);
  if (only_verifies()) {
    const std::string_view what =
        delivery.path.ends_with('/') ? "delivers to maildir" : "delivers to mailbox";
    co_await finish(std::move(step), Outcome::sent(std::string(what)));
    co_return true;
  }
  delivery.message = message_;
  delivery.head = return_path(step.sender) + original_to(step.original) + delivered_to(step.delivered);
  auto outcome = co_await local_.writer().deliver(std::move(delivery));
  co_await finish(std::move(step), std::move(outcome));
  co_return true;
}

net::Task<void> Expansion::deliver_unknown(Step step) {
  if (been_here(concat("unknown ", step.local))) co_return;
  const auto& params = settings().params;
  const bool passed =
      co_await pass_by_table(step, settings().fallback_transports, *params.fallback_transport);
  if (passed) co_return;
  if (!params.luser_relay->empty()) {
    step.unmatched.clear();
    auto address = expand_local(*params.luser_relay, step, settings(), {});
    if (!address || !address->complete) {
      log_warning(concat("bad parameter value syntax for luser_relay: ", *params.luser_relay));
      co_await finish(std::move(step), Outcome::misconfigured());
      co_return;
    }
    co_await deliver_address(std::move(step), std::move(address->text));
    co_return;
  }
  if (step.user == "mailer-daemon" || step.user == "postmaster") {
    log_warning(concat("required alias not found: ", step.user));
    co_await finish(std::move(step), Outcome::sent("discarded"));
    co_return;
  }
  const std::string text = concat("unknown user: \"", step.user, '"');
  co_await finish(std::move(step), Outcome::bounced("5.1.1", text));
}

net::Task<void> Expansion::deliver_command(Step step, std::string command) {
  const table::Account& user = step.rights && step.rights->uid != 0 ? *step.rights : settings().nobody;
  if (been_here(concat("command ", step.user, ":", user.uid, " ", command))) co_return;
  if (only_verifies()) {
    co_await finish(std::move(step), Outcome::sent(concat("delivers to command: ", command)));
    co_return;
  }
  auto what = user_command(step, settings(), *message_, command);
  if (!what) {
    log_warning(what.error().text);
    co_await finish(std::move(step), Outcome::misconfigured());
    co_return;
  }
  const std::string head = command_head(step, settings());
  const std::function<Result<Fd>()> make = [message = message_, head] {
    return command_input(*message, head, {});
  };
  auto input = co_await local_.workers().run<Result<Fd>>(make);
  if (!input) {
    co_await finish(std::move(step), Outcome::deferred("4.3.0", input.error().text));
    co_return;
  }
  what->input = std::move(*input);
  auto ended = co_await local_.commands().run(std::move(*what));
  Outcome outcome = Outcome::deferred("4.3.0", "unable to run commands");
  if (ended) outcome = command_outcome(*ended, command);
  if (outcome.status == ipc::DeliveryStatus::sent) outcome.text = concat("delivered to command: ", command);
  co_await finish(std::move(step), std::move(outcome));
}

net::Task<void> Expansion::deliver_file(Step step, std::string path) {
  if (path.starts_with('~')) path = concat(step.rights ? step.rights->home : std::string(), path.substr(1));
  if (!settings().allows_files(step.place)) {
    co_await finish(std::move(step), Outcome::bounced("5.7.1", "mail to file is restricted"));
    co_return;
  }
  const table::Account& user = step.rights && step.rights->uid != 0 ? *step.rights : settings().nobody;
  if (been_here(concat("file ", user.uid, " ", path))) co_return;
  const bool is_maildir = path.ends_with('/');
  if (only_verifies() || path == "/dev/null") {
    const std::string_view verb = only_verifies() ? "delivers" : "delivered";
    const std::string text = is_maildir ? concat(verb, " to maildir") : concat(verb, " to file: ", path);
    co_await finish(std::move(step), Outcome::sent(text));
    co_return;
  }
  RunCommand what;
  what.file = path;
  what.uid = user.uid;
  what.gid = user.gid;
  what.sender = step.sender;
  what.head = return_path(step.sender) + original_to(step.original);
  if (settings().delivered_to_file) what.head += delivered_to(step.delivered);
  what.most = *settings().params.mailbox_size_limit;
  what.limit = std::chrono::duration_cast<std::chrono::microseconds>(kFileLimit).count();
  const std::function<Result<Fd>()> make = [message = message_] { return command_input(*message, {}, {}); };
  auto input = co_await local_.workers().run<Result<Fd>>(make);
  if (!input) {
    co_await finish(std::move(step), Outcome::deferred("4.3.0", input.error().text));
    co_return;
  }
  what.input = std::move(*input);
  auto ended = co_await local_.commands().run(std::move(what));
  Outcome outcome = Outcome::deferred("4.3.0", "unable to write files");
  if (ended) outcome = command_outcome(*ended, path);
  outcome.diagnostic.clear();  // ours
  if (outcome.status == ipc::DeliveryStatus::sent) {
    outcome.text = is_maildir ? "delivered to maildir" : concat("delivered to file: ", path);
  }
  co_await finish(std::move(step), std::move(outcome));
}

// Another agent delivers in our place, and writes the line in the log.
net::Task<void> Expansion::pass_on(Step step, std::string transport) {
  const auto where = table::parse_destination(transport);
  ipc::Deliver question;
  question.queue_id = message_->queue_id;
  question.sender = step.sender;
  question.nexthop = where.nexthop.empty() ? message_->nexthop : where.nexthop;
  ipc::DeliverTo recipient;
  recipient.number = recipient_.number;
  recipient.address = step.address;
  recipient.original = step.original;
  recipient.notify = step.notify;
  recipient.orcpt = step.orcpt;
  question.recipients.push_back(recipient);
  question.arrived = message_->arrived;
  question.activated = message_->activated;
  question.size = message_->size;
  question.body_type = message_->body_type;
  question.smtputf8 = message_->smtputf8;
  question.envid = step.envid;
  question.ret = step.ret;
  question.attempts = message_->attempts;
  question.client = message_->client;
  question.purpose = message_->purpose;
  question.content = message_->content;
  if (message_->spool) question.spool = Fd(::dup(message_->spool.get()));
  auto answer = co_await local_.agent_named(where.transport)
                    .ask<ipc::DeliverCall>(question, local_.loop().in(kAgentAnswer));
  if (!answer || answer->results.size() != 1) {
    if (!answer) log_warning(concat("connect to private/", where.transport, ": ", answer.error().text));
    co_await finish(std::move(step), Outcome::deferred("4.3.0", "mail transport unavailable"));
    co_return;
  }
  ipc::DeliveryResult& result = answer->results.front();
  Outcome outcome;
  outcome.status = result.status;
  outcome.dsn = std::move(result.dsn);
  outcome.text = std::move(result.text);
  outcome.arrival = result.arrival;
  outcome.relay = std::move(result.relay);
  outcome.remote_mta = std::move(result.remote_mta);
  outcome.diagnostic = std::move(result.diagnostic);
  outcome.is_logged = true;
  co_await finish(std::move(step), std::move(outcome));
}

}  // namespace postern::deliver
