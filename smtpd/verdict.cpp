// The part of policy that needs no table.
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtpd/policy.h"

namespace postern::smtpd {

namespace {

std::string_view without_final_dot(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool is_address(std::string_view name) { return net::Endpoint::parse(name, 0).has_value(); }

// A name with a domain, or an address literal. A bare address is neither.
bool is_full_name(std::string_view name) {
  if (name.starts_with('[')) return mail::is_domain(name);
  name = without_final_dot(name);
  return mail::is_domain(name) && name.find('.') != std::string_view::npos && !is_address(name);
}

bool is_valid_name(std::string_view name) {
  return mail::is_domain(without_final_dot(name)) || is_address(name);
}

}  // namespace

Policy::Verdict Policy::permit_if(bool allowed) {
  Verdict verdict;
  if (allowed) verdict.kind = Verdict::Kind::permit;
  return verdict;
}

Policy::Verdict Policy::refuse(int code, mail::Dsn dsn, std::string text) {
  // The class of the enhanced code is that of the code, which the administrator may have changed.
  dsn.kind = static_cast<std::uint16_t>(code / 100);
  return {Verdict::Kind::refuse, {code, dsn, std::move(text)}};
}

Policy::Verdict Policy::refuse_subject(int code, mail::Dsn dsn, Subject subject, std::string_view name,
                                       std::string_view why) {
  constexpr std::string_view kSubjects[] = {"Client host",       "Helo command", "Sender address",
                                            "Recipient address", "Data command", "End-of-data command"};
  return refuse(code, dsn,
                concat('<', printable(name, 300), ">: ", kSubjects[static_cast<std::size_t>(subject)],
                       " rejected: ", why));
}

Policy::Verdict Policy::try_again(const Error& error, std::string_view name) {
  log_warning(error.text);
  return refuse(451, {4, 3, 0}, concat('<', printable(name, 300), ">: Temporary lookup failure"));
}

std::string Policy::subject_name(Subject subject, const Case& facts) {
  switch (subject) {
    case Subject::client: return facts.client->text();
    case Subject::helo: return std::string(facts.helo);
    case Subject::sender: return facts.sender == nullptr ? std::string() : facts.sender->text();
    case Subject::recipient: return facts.recipient == nullptr ? std::string() : facts.recipient->text();
    case Subject::data: return "DATA";
    case Subject::content: return "END-OF-MESSAGE";
  }
  return {};
}

Policy::Verdict Policy::plain(Word word, Subject subject, const Case& facts) const {
  switch (word) {
    case Word::permit: return permit_if(true);
    case Word::reject:
      return refuse_subject(*setup_.access.reject_code, {5, 7, 1}, subject, subject_name(subject, facts),
                            "Access denied");
    case Word::defer:
      return refuse_subject(*setup_.access.defer_code, {4, 3, 2}, subject, subject_name(subject, facts),
                            "Try again later");
    case Word::reject_unauth_pipelining:
      if (!facts.pipelined) return {};
      return refuse_subject(503, {5, 5, 0}, subject, subject_name(subject, facts),
                            "Improper use of SMTP command pipelining");
    case Word::reject_non_fqdn_helo_hostname:
    case Word::reject_invalid_helo_hostname: return host_name(word, facts);
    case Word::reject_non_fqdn_sender: return full_address(facts.sender, Subject::sender);
    case Word::reject_non_fqdn_recipient: return full_address(facts.recipient, Subject::recipient);
    default: return {};
  }
}

Policy::Verdict Policy::host_name(Word word, const Case& facts) const {
  if (facts.helo.empty()) return {};
  if (word == Word::reject_non_fqdn_helo_hostname) {
    if (is_full_name(facts.helo)) return {};
    return refuse_subject(*setup_.access.non_fqdn_reject_code, {5, 5, 2}, Subject::helo, facts.helo,
                          "need fully-qualified hostname");
  }
  if (is_valid_name(facts.helo)) return {};
  return refuse_subject(*setup_.access.invalid_hostname_reject_code, {5, 5, 2}, Subject::helo, facts.helo,
                        "Invalid name");
}

Policy::Verdict Policy::full_address(const mail::Address* address, Subject subject) const {
  if (address == nullptr || address->null() || is_full_name(address->domain)) return {};
  return refuse_subject(*setup_.access.non_fqdn_reject_code, {5, 5, 2}, subject, address->text(),
                        "need fully-qualified address");
}

std::vector<std::string> Policy::keys(Word word, const Case& facts) const {
  const std::string& delimiters = resolver_.recipient_delimiter();
  switch (word) {
    case Word::check_client_access:
      return client_keys(facts.client->name(), facts.client->address(), parents_);
    case Word::check_helo_access:
      return facts.helo.empty() ? std::vector<std::string>() : host_keys(facts.helo, parents_);
    case Word::check_sender_access:
      if (facts.sender != nullptr) return address_keys(*facts.sender, delimiters, parents_);
      break;
    case Word::check_recipient_access:
      if (facts.recipient != nullptr) return address_keys(*facts.recipient, delimiters, parents_);
      break;
    default: break;
  }
  return {};
}

int Policy::unknown_user_code(table::AddressClass address_class) const {
  switch (address_class) {
    case table::AddressClass::virtual_alias: return *setup_.access.unknown_virtual_alias_reject_code;
    case table::AddressClass::virtual_mailbox: return *setup_.access.unknown_virtual_mailbox_reject_code;
    case table::AddressClass::relay: return *setup_.access.unknown_relay_recipient_reject_code;
    default: return *setup_.access.unknown_local_recipient_reject_code;
  }
}

}  // namespace postern::smtpd
