#include "lib/mail/status.h"

#include "lib/base/text.h"

namespace postern::mail {

namespace {

// One to three digits without a leading zero.
std::optional<std::uint16_t> parse_part(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  const auto value = parse_number(text);
  if (!value) return std::nullopt;
  return static_cast<std::uint16_t>(*value);
}

std::optional<int> parse_code(std::string_view text) {
  if (text.size() < 3 || text[0] < '2' || text[0] > '5' || text[1] > '5') return std::nullopt;
  if (text.size() > 3 && !is_blank(text[3])) return std::nullopt;
  const auto value = parse_number(text.substr(0, 3));
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

std::string Dsn::text() const { return concat(kind, '.', subject, '.', detail); }

std::optional<Dsn> parse_dsn(std::string_view text) {
  const auto first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto kind = parse_part(text.substr(0, first));
  const auto subject = parse_part(text.substr(first + 1, second - first - 1));
  const auto detail = parse_part(text.substr(second + 1));
  if (!kind || !subject || !detail) return std::nullopt;
  if (*kind != 2 && *kind != 4 && *kind != 5) return std::nullopt;
  return Dsn{*kind, *subject, *detail};
}

LeadingDsn split_dsn(std::string_view text) {
  const auto end = std::min(text.find_first_of(" \t\n"), text.size());
  const auto dsn = parse_dsn(text.substr(0, end));
  if (!dsn) return {{}, text};
  return {*dsn, skip_blanks(text.substr(end))};
}

std::string Status::reply() const {
  if (!dsn.given()) return concat(code, ' ', text);
  return concat(code, ' ', dsn.text(), ' ', text);
}

Status Status::because(std::string reason) const {
  Status copy = *this;
  copy.cause = std::move(reason);
  return copy;
}

Status Status::softened() const {
  Status copy = *this;
  if (!permanent()) return copy;
  copy.code -= 100;
  if (copy.dsn.kind == 5) copy.dsn.kind = 4;
  return copy;
}

std::optional<Status> parse_status(std::string_view text) {
  Status status;
  text = trim(text);
  const auto code = parse_code(text);
  if (code) text = skip_blanks(text.substr(3));
  const auto [dsn, rest] = split_dsn(text);
  if (!code && !dsn.given()) return std::nullopt;
  status.text = rest;
  status.code = code ? *code : dsn.kind * 100 + 50;
  const int family = status.code / 100;
  status.dsn = dsn.given() ? dsn : Dsn{0, 7, 1};
  if (!dsn.given() && family == 2) status.dsn = Dsn{2, 0, 0};
  status.dsn.kind = static_cast<std::uint16_t>(family == 3 ? 0 : family);
  return status;
}

namespace status {

Status ok(std::string_view text) { return {250, {2, 0, 0}, std::string(text)}; }
Status queued(std::string_view queue_id) { return ok(concat("Ok: queued as ", queue_id)); }
Status bye() { return {221, {2, 0, 0}, "Bye"}; }
Status not_recognized() { return {500, {5, 5, 2}, "Error: command not recognized"}; }
Status syntax(std::string_view usage) { return {501, {5, 5, 4}, concat("Syntax: ", usage)}; }
Status bad_sender_syntax() { return {501, {5, 1, 7}, "Bad sender address syntax"}; }
Status bad_recipient_syntax() { return {501, {5, 1, 3}, "Bad recipient address syntax"}; }
Status bad_parameter(std::string_view name) {
  return {501, {5, 5, 4}, concat("Bad ", name, " parameter syntax")};
}
Status unsupported_option(std::string_view option) {
  return {555, {5, 5, 4}, concat("Unsupported option: ", printable(option, 100))};
}
Status not_implemented(std::string_view what) { return {502, {5, 5, 1}, concat("Error: ", what)}; }
Status tls_ready() { return {220, {2, 0, 0}, "Ready to start TLS"}; }
Status text_behind_starttls(std::string_view host) {
  return {421, {4, 7, 0}, concat(host, " Error: text behind STARTTLS")};
}
Status tls_required() { return {530, {5, 7, 0}, "Must issue a STARTTLS command first"}; }
Status tls_active() { return {554, {5, 5, 1}, "Error: TLS already active"}; }
Status tls_unavailable() { return {454, {4, 7, 0}, "TLS not available due to local problem"}; }
Status out_of_order(std::string_view need) {
  return {503, {5, 5, 1}, concat("Error: need ", need, " command")};
}
Status too_long() { return {500, {5, 5, 2}, "Error: command too long"}; }
Status too_big() { return {552, {5, 3, 4}, "Message size exceeds fixed limit"}; }
Status too_many_recipients() { return {452, {4, 5, 3}, "Error: too many recipients"}; }
Status no_space() { return {452, {4, 3, 1}, "Insufficient system storage"}; }
Status queue_error() { return {451, {4, 3, 0}, "Error: queue file write error"}; }
Status server_error() { return {451, {4, 3, 0}, "Temporary lookup failure"}; }
Status timeout(std::string_view host) { return {421, {4, 4, 2}, concat(host, " Error: timeout exceeded")}; }
Status bare_newline(std::string_view host, int code) {
  return {code, {5, 5, 2}, concat(host, " Error: bare <LF> received")};
}
Status protocol_error(int code) {
  return {code, {static_cast<std::uint16_t>(code / 100), 5, 1}, "Protocol error"};
}
Status foreign_protocol(int code) {
  return {code, {static_cast<std::uint16_t>(code / 100), 7, 0}, "Error: I can break rules, too. Goodbye."};
}
Status relay_denied(std::string_view recipient) {
  return {554, {5, 7, 1}, concat('<', printable(recipient, 300), ">: Relay access denied")};
}

}  // namespace status

}  // namespace postern::mail
