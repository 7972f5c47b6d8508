#include "lib/mail/address_list.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"

namespace postern::mail {

namespace {

enum class Kind { end, word, quoted, literal, special };

struct Token {
  Kind kind = Kind::end;
  std::string
      text;  // a word or a quoted string, without quotes; a literal with its brackets; one special character
  std::size_t at = 0, end = 0;

  bool is(char special) const { return kind == Kind::special && text.front() == special; }
  bool is_word() const { return kind == Kind::word || kind == Kind::quoted; }
};

Failure malformed(std::string_view what) { return fail(Errc::invalid, concat("bad address list: ", what)); }

constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";

bool ends_word(char c) { return is_space(c) || kSpecials.find(c) != std::string_view::npos; }

// Splits the text into tokens; comments and white space between them are passed over (RFC 5322 3.2).
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t nesting) : text_(text), nesting_(nesting) {}

  Result<Token> next() {
    if (auto skipped = skip_blank(); !skipped) return fail(skipped.error());
    Token token;
    token.at = at_;
    if (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '[') {
        if (!enclosed(token)) return malformed("no closing quote or bracket");
      } else if (kSpecials.find(c) != std::string_view::npos) {
        token.kind = Kind::special;
        token.text = text_[at_++];
      } else {
        token.kind = Kind::word;
        while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
        token.text = text_.substr(token.at, at_ - token.at);
      }
    }
    token.end = at_;
    return token;
  }

 private:
  Result<void> skip_blank() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '(') {
        if (auto skipped = skip_comment(); !skipped) return skipped;
      } else {
        break;
      }
    }
    return {};
  }

  Result<void> skip_comment() {
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == '(') {
        if (++depth > nesting_) return fail(Errc::too_long, "bad address list: comments nested too deep");
      } else if (c == ')' && --depth == 0) {
        ++at_;
        return {};
      }
    }
    return malformed("no closing parenthesis");
  }

  // A quoted string or a domain literal, unfolded.
  bool enclosed(Token& token) {
    const bool quoted = text_[at_] == '"';
    token.kind = quoted ? Kind::quoted : Kind::literal;
    if (!quoted) token.text += '[';
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == (quoted ? '"' : ']')) {
        if (!quoted) token.text += ']';
        ++at_;
        return true;
      }
      if (c == '\\' && ++at_ < text_.size()) c = text_[at_];
      if (c != '\n' && c != '\r') token.text += c;
    }
    return false;
  }

  std::string_view text_;
  std::size_t nesting_;
  std::size_t at_ = 0;
};

class ListParser {
 public:
  ListParser(std::string_view text, ListLimits limits) : scanner_(text, limits.nesting), limits_(limits) {}

  Result<std::vector<Mailbox>> list() {
    advance();
    while (!trouble_ && token_.kind != Kind::end) {
      if (token_.is(',') || (in_group_ && token_.is(';'))) {
        if (token_.is(';')) in_group_ = false;
        advance();
      } else if (!entry()) {
        break;
      }
    }
    if (trouble_) return fail(*trouble_);
    return std::move(found_);
  }

 private:
  bool stop(Failure failure) {
    trouble_ = std::move(failure.value());
    return false;
  }

  bool advance() {
    auto token = scanner_.next();
    if (!token) {
      token_ = {};
      return stop(fail(token.error()));
    }
    token_ = std::move(*token);
    return true;
  }

  // A mailbox, or the name and colon that open a group. The words that begin it are a display name, a local
  // part or a group's name; what follows them tells.
  bool entry() {
    Mailbox mailbox;
    mailbox.at = token_.at;
    std::string local;
    if (!words(local, mailbox)) return false;
    if (token_.is('<')) return angle(mailbox) && keep_end();
    if (token_.is(':')) return open_group(mailbox);
    if (mailbox.length == 0) return stop(malformed("unexpected character"));
    if (!touching_) return stop(malformed("words without address"));
    mailbox.name.clear();
    mailbox.address.local = std::move(local);
    return domain(mailbox) && keep(mailbox) && keep_end();
  }

  // Words and dots: the text of a display name, and the local part if dots join all words.
  bool words(std::string& local, Mailbox& mailbox) {
    bool after_word = false;
    std::size_t last = token_.at;
    touching_ = true;
    while (token_.is_word() || token_.is('.')) {
      if (token_.is_word() && after_word) touching_ = false;
      if (token_.at > last) mailbox.name += ' ';
      after_word = token_.is_word();
      last = token_.end;
      mailbox.name += token_.text;
      local += token_.text;
      mailbox.length = token_.end - mailbox.at;
      if (!advance()) return false;
    }
    return true;
  }

  bool open_group(const Mailbox& mailbox) {
    if (in_group_ || mailbox.length == 0) return stop(malformed("unexpected colon"));
    in_group_ = true;
    return advance();
  }

  // "<" [route] addr-spec ">"
  bool angle(Mailbox& mailbox) {
    if (!advance()) return false;
    if (token_.is('>')) return advance();
    if (token_.is('@') && !route()) return false;
    Mailbox inner;
    inner.at = token_.at;
    if (!words(inner.address.local, inner)) return false;
    if (inner.length == 0 || !touching_) return stop(malformed("local part"));
    inner.name = std::move(mailbox.name);
    if (!domain(inner)) return false;
    if (!token_.is('>')) return stop(malformed("no closing >"));
    return keep(inner) && advance();
  }

  // The obsolete source route "@one,@two:".
  bool route() {
    while (!token_.is(':')) {
      const bool part = token_.kind == Kind::word || token_.kind == Kind::literal || token_.is('@') ||
                        token_.is(',') || token_.is('.');
      if (!part) return stop(malformed("source route"));
      if (!advance()) return false;
    }
    return advance();
  }

  // What follows the local part: "@" and a domain, or nothing.
  bool domain(Mailbox& mailbox) {
    if (!token_.is('@')) return true;
    if (!advance()) return false;
    std::string& out = mailbox.address.domain;
    while (token_.kind == Kind::word || token_.kind == Kind::literal || token_.is('.')) {
      const bool joined = out.empty() || out.ends_with('.') || token_.is('.');
      if (!joined) return stop(malformed("domain"));
      out += token_.text;
      mailbox.length = token_.end - mailbox.at;
      if (!advance()) return false;
    }
    if (out.size() > 1 && out.ends_with('.')) out.pop_back();
    if (!is_domain(out)) return stop(malformed("domain"));
    return true;
  }

  bool keep(Mailbox& mailbox) {
    const auto& local = mailbox.address.local;
    if (mailbox.address.null()) return stop(malformed("empty"));
    const bool control = std::any_of(
        local.begin(), local.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (control) return stop(malformed("control character"));
    if (local.size() > kLongestLocal)
      return stop(fail(Errc::too_long, "bad address list: local part too long"));
    if (found_.size() == limits_.mailboxes)
      return stop(fail(Errc::too_long, "bad address list: too many addresses"));
    found_.push_back(std::move(mailbox));
    return true;
  }

  // An entry ends at a comma, at the end, or with its group.
  bool keep_end() {
    if (token_.kind == Kind::end || token_.is(',') || (in_group_ && token_.is(';'))) return !trouble_;
    return stop(malformed("no comma between addresses"));
  }

  Scanner scanner_;
  ListLimits limits_;
  Token token_;
  bool in_group_ = false;
  bool touching_ = true;  // dots stand between all words of the last run
  std::vector<Mailbox> found_;
  std::optional<Error> trouble_;
};

}  // namespace

Result<std::vector<Mailbox>> parse_mailbox_list(std::string_view text, ListLimits limits) {
  if (text.size() > limits.bytes) return fail(Errc::too_long, "bad address list: too long");
  return ListParser(text, limits).list();
}

}  // namespace postern::mail
