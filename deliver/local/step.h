// Where an expansion stands: an address on its way from the recipient of a message to a mailbox, a command, a file, or
// another message.
#pragma once

#include <optional>
#include <string>

#include "deliver/local/settings.h"

namespace postern::deliver {

// Whose rights are used. Without an account: nobody's yet, which in the end means those of default_privs.
using Rights = std::optional<table::Account>;

struct Step {
  std::string address;  // "ann+list@example.com"
  std::string original;
  std::string local;      // folded: "ann+list"
  std::string user;       // "ann"
  std::string extension;  // "list"; empty when there is none
  std::string domain;
  std::string unmatched;  // the extension that a result of aliases gets, if it is propagated

  std::string sender;  // of what is forwarded
  std::string envid;
  std::string ret;
  std::string notify;
  std::string orcpt;

  std::optional<std::string>
      owner;                // who is to hear of problems: of an alias with an owner, or of a .forward file
  bool is_of_list = false;  // … of an alias with an owner: failures are told to this owner, who is `sender`
  std::string delivered;    // what Delivered-To: names
  std::string expanded_from;  // the name whose expansion this is part of
  FoundIn place = FoundIn::envelope;
  Rights rights;
  int level = 0;
};

// The value of $name in forward_path, command_execution_directory and luser_relay: user, home, shell, recipient,
// extension, domain, local, recipient_delimiter. Nothing for another name, or without a value. `filter`: the characters
// that may stay, others become '_'; empty: any.
std::optional<std::string> local_macro(const Step& step, const LocalSettings& settings, std::string_view name,
                                       std::string_view filter);

struct Expanded {
  std::string text;
  bool has_extension = false;  // $extension was used, and there is one
  bool complete = true;        // false: a $name has no value
};
// A text with these names. Fails with invalid on a faulty one.
Result<Expanded> expand_local(std::string_view text, const Step& step, const LocalSettings& settings,
                              std::string_view filter);

// Characters that are not in the filter become '_'.
std::string filtered(std::string_view text, std::string_view filter);

// "SUCCESS,FAILURE" without SUCCESS: "FAILURE"; what has nothing else becomes "NEVER" (RFC 3461 5.2.7.3).
std::string without_success(std::string_view notify);
bool wants_success(std::string_view notify);

}  // namespace postern::deliver
