// What a server says without asking anybody: its answers to EHLO and to commands out of place. smtpd says it, and screen
// says it in smtpd's name until it hands a session over; a client must not be able to tell them apart.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/mail/status.h"
#include "lib/wire/command.h"

namespace postern::wire {

// The extensions that EHLO may offer, in the order in which it does. What a server does not do stays false.
struct Offer {
  std::string_view host;
  bool pipelining = false;
  bool size = false;
  std::uint64_t size_limit = 0;  // bytes; 0: none
  bool vrfy = false;
  bool etrn = false;
  bool starttls = false;
  std::string_view auth{};  // mechanisms: "PLAIN LOGIN"
  bool enhanced_status_codes = false;
  bool eight_bit_mime = false;
  bool dsn = false;
  bool smtputf8 = false;
  bool chunking = false;
};

// Keywords, in any case, that are not offered. "silent-discard" is none: the log does not tell. Words of no extension mean
// nothing.
class Discarded {
 public:
  Discarded() = default;
  // A text of words, separated by blanks or commas.
  explicit Discarded(std::string_view words);
  explicit Discarded(const std::vector<std::string>& words);
  bool has(std::string_view keyword) const;
  void add(std::string_view word);
  bool empty() const { return bits_ == 0; }
  bool silent() const { return silent_; }
  // "ETRN VRFY", for the log, in Postfix's order.
  std::string text() const;

 private:
  std::uint16_t bits_ = 0;
  bool silent_ = false;
};

// Takes away what is discarded.
Offer without(Offer offer, const Discarded& discarded);
// The whole reply to EHLO, lines with CR LF.
std::string ehlo_reply(const Offer& offer);
// "250 mx.example\r\n".
std::string helo_reply(std::string_view host);

inline constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
inline constexpr std::string_view kMailOk = "250 2.1.0 Ok\r\n";
inline constexpr std::string_view kBye = "221 2.0.0 Bye\r\n";

// What a line that is not UTF-8 is answered.
mail::Status bad_utf8();

// What MAIL depends on.
struct MailRules {
  bool helo_required = false;
  std::uint64_t size_limit = 0;  // bytes; 0: none
  bool smtputf8 = false;
};
// Why MAIL cannot be taken before anybody has judged its sender; nothing if it can.
std::optional<mail::Status> mail_refusal(const Mail& command, const MailRules& rules, bool greeted,
                                         bool in_transaction);

// Command names in upper case.
using CommandWords = std::unordered_set<std::string>;
// From the words of a parameter; those that name a table are left out, with a warning in the log.
CommandWords command_words(std::span<const std::string> words, std::string_view parameter);
// True if the verb of the line is one of the words.
bool is_among(std::string_view line, const CommandWords& words);
// True if a server ends the session because of it: the first word is forbidden, or begins a line of a mail header, as in
// "Subject: x" and "Subject:x". `line` has no verb that we know.
bool is_forbidden(std::string_view line, const CommandWords& forbidden);
// True if the word says that a client speaks another protocol than SMTP: it is forbidden, or begins a line of a mail header
// or with a byte that is not ASCII; with `smtputf8` (smtputf8_enable) also if it is not UTF-8. `word`: what a line begins
// with, up to a blank. A verb that we know says nothing.
bool is_non_smtp(std::string_view word, const CommandWords& forbidden, bool smtputf8);

}  // namespace postern::wire
