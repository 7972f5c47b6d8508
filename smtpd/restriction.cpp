#include "smtpd/restriction.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::smtpd {

namespace {

struct Name {
  std::string_view name;
  Word word;
};

constexpr Name kPlain[] = {
    {"permit", Word::permit},
    {"reject", Word::reject},
    {"defer", Word::defer},
    {"permit_mynetworks", Word::permit_mynetworks},
    {"permit_sasl_authenticated", Word::never},
    {"permit_tls_clientcerts", Word::never},
    {"permit_tls_all_clientcerts", Word::never},
    {"permit_auth_destination", Word::permit_auth_destination},
    {"reject_unauth_destination", Word::reject_unauth_destination},
    {"defer_unauth_destination", Word::defer_unauth_destination},
    {"reject_unauth_pipelining", Word::reject_unauth_pipelining},
    {"reject_non_fqdn_helo_hostname", Word::reject_non_fqdn_helo_hostname},
    {"reject_non_fqdn_hostname", Word::reject_non_fqdn_helo_hostname},
    {"reject_invalid_helo_hostname", Word::reject_invalid_helo_hostname},
    {"reject_invalid_hostname", Word::reject_invalid_helo_hostname},
    {"reject_non_fqdn_sender", Word::reject_non_fqdn_sender},
    {"reject_non_fqdn_recipient", Word::reject_non_fqdn_recipient},
    {"reject_unlisted_sender", Word::reject_unlisted_sender},
    {"reject_unlisted_recipient", Word::reject_unlisted_recipient},
};

constexpr Name kWithTable[] = {
    {"check_client_access", Word::check_client_access},
    {"check_helo_access", Word::check_helo_access},
    {"check_sender_access", Word::check_sender_access},
    {"check_recipient_access", Word::check_recipient_access},
};

template <std::size_t n>
Word find(const Name (&names)[n], std::string_view wanted) {
  for (const auto& [name, word] : names) {
    if (iequals(name, wanted)) return word;
  }
  return Word::misconfigured;
}

Restriction misconfigured(std::string why) { return {Word::misconfigured, std::move(why), {}}; }

Restriction with_table(Word word, const std::string& name, const std::string& table) {
  auto maps = table::Maps::open(name, table);
  if (!maps) return misconfigured(maps.error().text);
  return {word, concat(name, ' ', table), std::move(*maps)};
}

// A group { check_client_access texthash:/x } is one restriction with its argument.
config::List without_groups(const config::List& words) {
  config::List flat;
  for (const std::string& word : words) {
    const auto inside = config::without_braces(word);
    const auto parts = inside ? config::split_braced(*inside, config::kListSeparators) : config::List{word};
    if (word.starts_with('{') && parts && parts->size() == 2) {
      flat.insert(flat.end(), parts->begin(), parts->end());
    } else {
      flat.push_back(word);
    }
  }
  return flat;
}

}  // namespace

Word plain_word(std::string_view name) { return find(kPlain, name); }

Restrictions parse_restrictions(std::string_view parameter, const config::List& words) {
  const config::List flat = without_groups(words);
  Restrictions list;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const Word plain = plain_word(flat[i]);
    const Word table = find(kWithTable, flat[i]);
    if (plain != Word::misconfigured) {
      list.push_back({plain, flat[i], {}});
    } else if (table == Word::misconfigured) {
      list.push_back(misconfigured(concat(parameter, ": unknown smtpd restriction: \"", flat[i], '"')));
    } else if (i + 1 == flat.size()) {
      list.push_back(misconfigured(concat(parameter, ": no table after ", flat[i])));
    } else {
      list.push_back(with_table(table, flat[i], flat[i + 1]));
      ++i;
    }
  }
  return list;
}

bool can_refuse_relaying(const Restrictions& restrictions) {
  return std::any_of(restrictions.begin(), restrictions.end(), [](const Restriction& restriction) {
    return restriction.word == Word::reject || restriction.word == Word::defer ||
           restriction.word == Word::reject_unauth_destination ||
           restriction.word == Word::defer_unauth_destination || restriction.word == Word::misconfigured;
  });
}

}  // namespace postern::smtpd
