// The delivery to one recipient: aliases, .forward and :include: files are expanded in place, as deep as they go, and each
// end is a mailbox, a command, a file, another agent, or an address that the message is forwarded to. What is forwarded
// goes last, as one new message for each sender, and only if nothing has to be tried again.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "deliver/common/outcome.h"
#include "deliver/local/forwarding.h"
#include "deliver/local/local.h"
#include "deliver/local/step.h"
#include "lib/mail/destinations.h"

namespace postern::deliver {

class Expansion {
 public:
  // `local` and the recipient must outlive it.
  Expansion(Local& local, MessagePtr message, const ipc::DeliverTo& recipient);

  // The result for the recipient, when everything is done. Each end has its line in the log by then.
  net::Task<Outcome> run();

 private:
  net::Task<void> deliver_recipient(Step step);
  net::Task<void> deliver_to_name(Step step);
  net::Task<bool> deliver_alias(Step step, std::string name);
  net::Task<void> expand_alias(Step step, std::string name, std::string value, const AliasTable& table);
  net::Task<std::optional<std::string>> owner_of(std::string name);
  net::Task<void> deliver_list(Step step, std::vector<mail::Destination> list);
  net::Task<void> deliver_destination(Step step, mail::Destination destination);
  net::Task<void> deliver_address(Step step, std::string address);
  net::Task<void> deliver_include(Step step, std::string path);
  net::Task<bool> deliver_forward_file(Step step);
  net::Task<void> use_forward_file(Step& step, std::string text);
  net::Task<bool> deliver_user(Step step);
  net::Task<void> deliver_unknown(Step step);
  net::Task<void> deliver_command(Step step, std::string command);
  net::Task<void> deliver_file(Step step, std::string path);
  net::Task<void> pass_on(Step step, std::string transport);
  net::Task<bool> pass_by_table(Step step, const table::Maps& maps, const std::string& otherwise);
  net::Task<void> finish(Step step, Outcome outcome);
  net::Task<Outcome> send_forwards();
  // list_owner.cpp
  net::Task<void> tell_owners();
  net::Task<void> tell_owner(const Step& step, const Outcome& outcome);
  void forward(const Step& step);
  Outcome not_forwarded(const Error& why) const;
  Outcome result(Outcome last);

  bool been_here(std::string what);
  bool only_verifies() const { return message_->purpose == ipc::Purpose::verify; }
  const LocalSettings& settings() const { return local_.settings(); }
  std::string complete(const std::string& address) const;
  std::vector<std::string> forward_paths(const Step& step, std::vector<bool>& has_extension) const;

  Local& local_;
  MessagePtr message_;
  const ipc::DeliverTo& recipient_;
  const std::int64_t begun_;
  std::set<std::string> been_;
  std::vector<Forward> forwards_;
  std::vector<std::pair<Step, Outcome>> for_owners_;  // failures that the sender does not hear of
  std::optional<Outcome> deferred_, bounced_, sent_;  // the first of each kind
  bool expanded_ = false;
  bool is_list_ = false;  // … by an alias with an owner
  bool logged_ = false;
};

}  // namespace postern::deliver
