#include "lib/mail/completion.h"

#include "lib/base/text.h"

namespace postern::mail {

namespace {

bool needs_quotes(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7f || std::string_view("()<>@,;:\\\"[]").find(c) != std::string_view::npos;
}

// The parts around a routing character, as user@site.
std::string around(std::string_view user, std::string_view site) { return concat(user, '@', site); }

std::string with_site(std::string_view local, const Completion& how) {
  if (is_dot_atom(local)) {
    const auto bang = how.swap_bangpath ? local.find('!') : std::string_view::npos;
    if (bang != std::string_view::npos) return around(local.substr(bang + 1), local.substr(0, bang));
    const auto percent = how.percent_hack ? local.rfind('%') : std::string_view::npos;
    if (percent != std::string_view::npos) return around(local.substr(0, percent), local.substr(percent + 1));
  }
  return how.origin.empty() ? std::string(local) : around(local, how.origin);
}

}  // namespace

bool is_dot_atom(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  for (std::size_t at = 0; at < local.size(); ++at) {
    if (needs_quotes(local[at]) || (local[at] == '.' && local[at + 1] == '.')) return false;
  }
  return true;
}

std::string complete(std::string_view address, const Completion& how) {
  if (address.empty() || address == "@") return {};
  std::string out(address);
  if (address.find('@') == std::string_view::npos) out = with_site(address, how);
  const auto at = out.rfind('@');
  if (at == std::string::npos || at + 1 == out.size()) return out;
  const auto domain = std::string_view(out).substr(at + 1);
  const bool bare = domain.front() != '[' && domain.find('.') == std::string_view::npos;
  if (bare && !how.domain.empty()) out += concat('.', how.domain);
  const auto before = out[out.size() - 2];
  if (out.back() == '.' && before != '.' && before != '@') out.pop_back();
  return out;
}

bool is_complete(std::string_view address) {
  if (address.empty()) return true;
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return false;
  const auto domain = address.substr(at + 1);
  if (domain.empty()) return address.size() > 1;
  return domain.front() == '[' || (domain.back() != '.' && domain.find('.') != std::string_view::npos);
}

}  // namespace postern::mail
