// Domain names as DNS has them.
#include <idn2.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/net/dns.h"

namespace postern::net {

namespace {

bool is_label(std::string_view label) {
  const bool plain =
      std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  return plain && !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-';
}

Result<std::string> converted(std::string_view name) {
  const std::string text(name);
  std::uint8_t* out = nullptr;
  const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(text.c_str()), &out,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (status != IDN2_OK) {
    return fail(Errc::invalid, concat("domain name ", printable(name, 255), ": ", idn2_strerror(status)));
  }
  std::string ascii(reinterpret_cast<const char*>(out));
  idn2_free(out);
  return ascii;
}

}  // namespace

Result<std::string> ascii_domain(std::string_view name) {
  const auto bad = [&] { return fail(Errc::invalid, concat("not a domain name: ", printable(name, 255))); };
  if (name.size() > 1024 || name.find('\0') != std::string_view::npos) return bad();
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string ascii(name);
  const bool has_more = std::any_of(name.begin(), name.end(), [](char c) { return (c & 0x80) != 0; });
  if (has_more) {
    auto made = converted(name);
    if (!made) return made;
    ascii = std::move(*made);
  }
  const auto labels = split_fields(ascii, '.');
  if (ascii.empty() || ascii.size() > 253 || !std::all_of(labels.begin(), labels.end(), is_label))
    return bad();
  return ascii;
}

}  // namespace postern::net
