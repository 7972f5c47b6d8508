// The words of smtpd_*_restrictions, read once at the start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/config/words.h"
#include "lib/table/maps.h"

namespace postern::smtpd {

enum class Word {
  permit,
  reject,
  defer,
  permit_mynetworks,
  never,  // permits clients that have shown who they are, by SASL or a certificate: nobody can yet
  permit_auth_destination,
  reject_unauth_destination,
  defer_unauth_destination,
  reject_unauth_pipelining,
  reject_non_fqdn_helo_hostname,
  reject_invalid_helo_hostname,
  reject_non_fqdn_sender,
  reject_non_fqdn_recipient,
  reject_unlisted_sender,
  reject_unlisted_recipient,
  check_client_access,
  check_helo_access,
  check_sender_access,
  check_recipient_access,
  misconfigured,  // a word or table that we do not know: whoever meets it is told to come back later
};

struct Restriction {
  Word word = Word::misconfigured;
  std::string text;  // as written; of a misconfigured one what is wrong with it
  table::Maps maps;  // of check_*_access
};

using Restrictions = std::vector<Restriction>;

// Reads the value of a parameter. It never fails: a word that cannot be obeyed becomes `misconfigured`, so
// that mail waits until the administrator has seen the warning, and none is let in by mistake.
Restrictions parse_restrictions(std::string_view parameter, const config::List& words);

// The word by its name, for tables that answer with one. Words with an argument are not meant.
Word plain_word(std::string_view name);

// True when the list holds a word that can refuse a stranger's mail for other hosts. Without one in either
// relay list a server would be open to all.
bool can_refuse_relaying(const Restrictions& restrictions);

}  // namespace postern::smtpd
