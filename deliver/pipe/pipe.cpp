#include "deliver/pipe/pipe.h"

#include <unistd.h>

#include "deliver/common/command_input.h"
#include "deliver/common/command_result.h"
#include "deliver/common/content.h"
#include "deliver/common/mbox.h"
#include "deliver/pipe/arguments.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/command_params.h"
#include "lib/config/params/common_params.h"
#include "lib/daemon/command.h"
#include "lib/daemon/command_identity.h"

namespace postern::deliver {

namespace {

// Output of a command that succeeded is shown up to this length.
constexpr std::size_t kShownOutput = 100;

InputForm form_of(const config::PipeAttributes& attributes) {
  InputForm form;
  form.quote_from = attributes.quote_from;
  form.quote_dots = attributes.quote_dots;
  form.blank_line = attributes.blank_line;
  form.line_end = attributes.line_end;
  return form;
}

}  // namespace

Result<void> Pipe::read_settings(const config::Settings& settings, daemon::Rights&) {
  config::CommandParams command;
  config::TimeLimitParams own(entry().name);
  auto done = command.load(settings);
  if (done) done = own.load(settings);
  if (!done) return done;
  auto attributes = config::parse_pipe_attributes(entry().words);
  if (!attributes) return fail(attributes.error());
  attributes_ = std::move(*attributes);
  unknown_macro_ = unknown_macro(attributes_.command.words);
  const auto delimiter = settings.value("recipient_delimiter");
  const auto directory = settings.value("config_directory");
  if (!delimiter) return fail(delimiter.error());
  delimiter_ = *delimiter;
  config_directory_ = directory.value_or("");
  environment_ = daemon::exported_environment(*command.export_environment);
  limit_ = *own.time_limit;
  done = read_identity(settings);
  if (!done) return done;
  auto commands = Commands::start(loop(), {entry().chroot, "", {}});
  if (!commands) return fail(commands.error());
  commands_ = std::move(*commands);
  return {};
}

// Without root nobody can be another user: master has said so.
Result<void> Pipe::read_identity(const config::Settings& settings) {
  if (::geteuid() != 0) return {};
  config::CommonParams common;
  auto done = common.load(settings);
  if (!done) return done;
  auto identity = daemon::identity_of(attributes_.command, common);
  if (!identity) return fail(identity.error());
  identity_ = std::move(*identity);
  return {};
}

net::Task<Outcome> Pipe::deliver(MessagePtr message, const ipc::DeliverTo&) {
  co_return co_await deliver_all(std::move(message));
}

std::optional<Outcome> Pipe::without_command(const ipc::Deliver& message) const {
  const bool is_alone = message.recipients.size() <= 1;
  if (!is_alone && (attributes_.delivered_to || attributes_.original_to)) {
    const char flag = attributes_.delivered_to ? 'D' : 'O';
    log_warning(concat("pipe flag `", flag, "' requires ", entry().name, "_destination_recipient_limit = 1"));
    return Outcome::misconfigured();
  }
  if (attributes_.size > 0 && message.size > attributes_.size) {
    return Outcome::bounced("5.2.3", "message too large");
  }
  if (message.purpose == ipc::Purpose::verify) {
    return Outcome::sent(concat("delivers to command: ", attributes_.command.words.front()));
  }
  if (attributes_.delivered_to && was_delivered_to(message, message.recipients.front().address)) {
    return Outcome::bounced("5.4.6", concat("mail forwarding loop for ", message.recipients.front().address));
  }
  if (unknown_macro_) {
    log_warning(concat("file ", config_directory_, "/master.cf: service ", entry().name,
                       ": unknown macro name: \"", *unknown_macro_, '"'));
    return Outcome::misconfigured();
  }
  return std::nullopt;
}

std::string Pipe::head_of(const ipc::Deliver& message) const {
  const auto sender = sender_of(attributes_, message);
  const ipc::DeliverTo& recipient = message.recipients.front();
  std::string head;
  if (attributes_.from_line) head += from_line(sender, wall_micros());
  if (attributes_.return_path) head += return_path(sender);
  if (attributes_.original_to) head += original_to(recipient.original);
  if (attributes_.delivered_to) head += delivered_to(recipient.address);
  return head;
}

net::Task<Outcome> Pipe::deliver_all(MessagePtr message) {
  if (auto outcome = without_command(*message)) co_return std::move(*outcome);
  auto words = command_arguments(attributes_, *message, id_text(message->queue_id), delimiter_);
  if (!words) {
    log_warning(concat("service ", entry().name, ": ", words.error().text));
    co_return Outcome::misconfigured();
  }
  auto outcome = co_await run(std::move(message), std::move(*words));
  if (outcome.status != ipc::DeliveryStatus::sent) co_return outcome;
  const std::string output = outcome.text.substr(0, kShownOutput);
  outcome.text = concat("delivered via ", entry().name, " service");
  if (!output.empty()) outcome.text += concat(" (", output, ')');
  outcome.arrival = attributes_.final ? ipc::Arrival::delivered : ipc::Arrival::relayed;
  co_return outcome;
}

net::Task<Outcome> Pipe::run(MessagePtr message, config::List words) {
  std::function<Result<Fd>()> make = [message, head = head_of(*message), form = form_of(attributes_)] {
    return command_input(*message, head, form);
  };
  Result<Fd> input = fail(Errc::io, "");
  if (message->spool) {
    input = co_await workers_->run<Result<Fd>>(make);
  } else {
    input = make();
  }
  if (!input) co_return Outcome::deferred("4.3.0", input.error().text);
  RunCommand what;
  what.words = std::move(words);
  what.environment = environment_;
  what.uid = identity_.uid;
  what.gid = identity_.gid;
  what.chroot = attributes_.chroot;
  what.directory = attributes_.directory;
  what.limit = std::chrono::duration_cast<std::chrono::microseconds>(limit_).count();
  what.input = std::move(*input);
  auto ended = co_await commands_->run(std::move(what));
  if (!ended) co_return Outcome::deferred("4.3.0", ended.error().text);
  co_return command_outcome(*ended, attributes_.command.words.front());
}

}  // namespace postern::deliver
