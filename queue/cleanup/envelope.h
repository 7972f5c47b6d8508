// The envelope of a message as the queue holds it: sender and recipients canonical, aliases replaced by what they
// stand for, copies added, everybody once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/result.h"
#include "lib/ipc/messages/submit.h"
#include "lib/net/task.h"
#include "lib/table/rewrite.h"

namespace postern::cleanup {

// What of it is wanted; each service that submits mail decides.
struct Addressing {
  bool map = true;                                // canonical form, aliases
  bool copies = false;                            // always_bcc, sender_bcc_maps, recipient_bcc_maps
  bool keep_original = true;                      // enable_original_recipient
  std::size_t remembered = 0;                     // duplicate_filter_limit; 0: no limit
  std::string empty_recipient = "MAILER-DAEMON";  // empty_address_recipient
  std::string always_bcc;
};

// Why a message cannot be taken now: a line for the log, and for the client an enhanced status code and text.
struct Refused {
  std::string log;
  std::string reply;  // empty: as for any trouble with the queue
};

class Envelope {
 public:
  // What is passed outlives the envelope.
  Envelope(const table::Rewriter& rewriter, const Addressing& how) : rewriter_(rewriter), how_(how) {}

  // Sets the sender and adds the recipients, each as it was given. On failure refused() says why.
  net::Task<bool> fill(std::string_view sender, const std::vector<ipc::Recipient>& recipients);
  // Adds somebody who is not to be told of failures, nor anybody of his: the address of a copy.
  net::Task<bool> add_copy(std::string_view address);
  // Puts one address in the place of all recipients (REDIRECT).
  void redirect(std::string_view address);

  const Refused& refused() const { return refused_; }
  const std::string& sender() const { return sender_; }
  // The first recipient, before aliases: as log lines about the message have it.
  const std::string& first_recipient() const { return first_; }
  std::vector<ipc::Recipient> take_recipients() { return std::move(recipients_); }
  // Aliases of more than one whose sender wants to hear of success.
  std::vector<ipc::Recipient> take_expanded() { return std::move(expanded_); }

 private:
  net::Task<bool> add(ipc::Recipient recipient);
  net::Task<bool> add_canonical(ipc::Recipient recipient);
  net::Task<bool> expand(ipc::Recipient recipient);
  net::Task<bool> make_canonical(std::string& address, table::AddressKind kind);
  void add_once(ipc::Recipient recipient);
  bool is_new(const ipc::Recipient& recipient);
  bool refuse(Error error, std::string_view reply);

  const table::Rewriter& rewriter_;
  const Addressing& how_;
  std::string sender_, first_;
  std::vector<ipc::Recipient> recipients_, expanded_;
  std::unordered_set<std::string> seen_;
  Refused refused_;
};

}  // namespace postern::cleanup
