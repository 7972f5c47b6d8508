#include "lib/mail/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "lib/base/text.h"

namespace postern::mail {

namespace {

bool is_eight_bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 5322 3.2.3, with RFC 6532's bytes above 127.
bool is_atom(char c) {
  return is_alnum(c) || is_eight_bit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_atom(c) || c == '.'; });
}

Failure malformed(std::string_view what) { return fail(Errc::invalid, concat("bad address: ", what)); }

// Reads an address from left to right. Every function leaves at_ behind what it took.
class Reader {
 public:
  Reader(std::string_view text, Grammar grammar) : text_(text), grammar_(grammar) {}

  Result<Path> path() {
    if (peek() != '<') {
      if (strict()) return malformed("no <>");
      return mailbox_to_end_of_word();
    }
    ++at_;
    if (take('>')) return Path{{}, at_};
    if (peek() == '@' && !skip_route()) return malformed("source route");
    auto address = mailbox();
    if (!address) return fail(address.error());
    if (!take('>')) return malformed("no closing >");
    return Path{std::move(*address), at_};
  }

  Result<Address> mailbox() {
    Address address;
    if (!local(address.local)) return malformed("local part");
    if (address.local.size() > kLongestLocal) return fail(Errc::too_long, "bad address: local part too long");
    if (!take('@')) {
      if (strict() && !iequals(address.local, "postmaster")) return malformed("no domain");
      if (address.local.empty()) return malformed("empty");
      return address;
    }
    const auto domain = domain_word();
    if (domain.size() > kLongestDomain) return fail(Errc::too_long, "bad address: domain too long");
    if (!is_domain(domain)) return malformed("domain");
    address.domain = domain;
    return address;
  }

  bool done() const { return at_ == text_.size(); }

 private:
  bool strict() const { return grammar_ == Grammar::strict; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<Path> mailbox_to_end_of_word() {
    auto address = mailbox();
    if (!address) return fail(address.error());
    if (at_ < text_.size() && !is_blank(text_[at_])) return malformed("unexpected character");
    return Path{std::move(*address), at_};
  }

  // "@one,@two:" of RFC 5321's A-d-l, read and forgotten (appendix C).
  bool skip_route() {
    while (take('@')) {
      if (!is_domain(domain_word())) return false;
      if (take(':')) return true;
      if (!take(',')) return false;
    }
    return false;
  }

  // Words and dots. RFC 5321 allows one quoted string or a dot-string; RFC 5322's obsolete form mixes them.
  bool local(std::string& out) {
    const auto start = at_;
    if (strict() && peek() == '"') return quoted(out);
    for (;;) {
      if (peek() == '"') {
        if (!quoted(out)) return false;
      } else if (is_atom(peek()) || peek() == '.') {
        out += text_[at_++];
      } else {
        break;
      }
    }
    const auto taken = text_.substr(start, at_ - start);
    return !taken.empty() && (!strict() || is_dot_string(taken));
  }

  bool quoted(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (at_ == text_.size()) return false;
        c = text_[at_++];
      }
      if (is_control(c)) return false;
      out += c;
    }
    return false;
  }

  // The bytes up to something that cannot stand in a domain; a lenient reader drops the root's dot.
  std::string_view domain_word() {
    const auto start = at_;
    if (peek() == '[') {
      at_ = std::min(text_.find(']', at_), text_.size() - 1) + 1;
      return text_.substr(start, at_ - start);
    }
    while (at_ < text_.size() && (is_alnum(text_[at_]) || is_eight_bit(text_[at_]) || text_[at_] == '-' ||
                                  text_[at_] == '_' || text_[at_] == '.')) {
      ++at_;
    }
    auto word = text_.substr(start, at_ - start);
    if (!strict() && word.ends_with('.')) word.remove_suffix(1);
    return word;
  }

  std::string_view text_;
  Grammar grammar_;
  std::size_t at_ = 0;
};

bool is_literal_domain(std::string_view text) {
  text.remove_prefix(1);
  text.remove_suffix(1);
  const bool six = istarts_with(text, "IPv6:");
  if (six) text.remove_prefix(5);
  unsigned char address[16];
  return text.size() < INET6_ADDRSTRLEN && text.find('\0') == std::string_view::npos &&
         inet_pton(six ? AF_INET6 : AF_INET, std::string(text).c_str(), address) == 1;
}

// RFC 5321 4.1.2's sub-domain, with the underscore that names in the wild have.
bool is_label(std::string_view text) {
  if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_' || is_eight_bit(c); });
}

std::string quote(std::string_view local) {
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

bool is_reserved(std::string_view local) {
  return iequals(local, "postmaster") || iequals(local, "mailer-daemon") || iequals(local, "double-bounce");
}

bool is_list_address(std::string_view local) {
  constexpr std::string_view kRequest = "-request";
  return istarts_with(local, "owner-") ||
         (local.size() > kRequest.size() && iequals(local.substr(local.size() - kRequest.size()), kRequest));
}

}  // namespace

bool Address::ascii() const {
  return std::none_of(local.begin(), local.end(), is_eight_bit) &&
         std::none_of(domain.begin(), domain.end(), is_eight_bit);
}

std::string Address::text() const { return domain.empty() ? local : concat(local, '@', domain); }

std::string Address::quoted() const {
  if (null()) return {};
  const std::string left = is_dot_string(local) ? local : quote(local);
  return domain.empty() ? left : concat(left, '@', domain);
}

Address Address::normalized() const { return {local, lower(domain)}; }

Address from_internal(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

std::string shown_address(std::string_view internal) {
  const auto is_plain = [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f' &&
           std::string_view("\"(),:;<>[]\\").find(c) == std::string_view::npos;
  };
  const bool plain = std::all_of(internal.begin(), internal.end(), is_plain);
  if (plain && internal.find('@') == internal.rfind('@')) return std::string(internal);
  return printable(from_internal(internal).quoted(), kLongestPath);
}

Result<Path> parse_path(std::string_view text, Grammar grammar) {
  auto path = Reader(text.substr(0, kLongestPath + 1), grammar).path();
  if (path ? path->length > kLongestPath : text.size() > kLongestPath) {
    return fail(Errc::too_long, "bad address: too long");
  }
  return path;
}

Result<Address> parse_mailbox(std::string_view text, Grammar grammar) {
  if (text.size() > kLongestPath) return fail(Errc::too_long, "bad address: too long");
  Reader reader(text, grammar);
  auto address = reader.mailbox();
  if (address && !reader.done()) return malformed("unexpected character");
  return address;
}

bool is_domain(std::string_view text) {
  if (text.empty() || text.size() > kLongestDomain) return false;
  if (text.front() == '[') return text.size() > 2 && text.back() == ']' && is_literal_domain(text);
  for (;;) {
    const auto label = text.substr(0, text.find('.'));
    if (!is_label(label)) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

Extension split_extension(std::string_view local, std::string_view delimiters) {
  if (local.empty() || delimiters.empty() || is_reserved(local)) return {local, {}, 0};
  const auto at = local.find_first_of(delimiters, 1);
  if (at == std::string_view::npos) return {local, {}, 0};
  if (delimiters.find('-') != std::string_view::npos && is_list_address(local)) return {local, {}, 0};
  return {local.substr(0, at), local.substr(at + 1), local[at]};
}

}  // namespace postern::mail
