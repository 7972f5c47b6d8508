// Any bytes as a template file: every kind has a usable template, the file that it is written to is read again
// as the same one, and an expansion ends within its bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/config/bounce_template.h"
#include "lib/config/expand.h"

namespace {

using namespace postern;
using namespace postern::config;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_header_text(std::string_view value) {
  for (const char c : value) {
    if ((c < ' ' && c != '\t') || c == '\x7f') return false;
  }
  return !value.empty();
}

void require_usable(const BounceTemplate& one) {
  require(is_header_text(one.charset) && is_header_text(one.from) && is_header_text(one.subject));
  const bool has_copy = one.kind == BounceKind::failure || one.kind == BounceKind::delay;
  require(has_copy ? is_header_text(one.postmaster_subject) : one.postmaster_subject.empty());
  require(one.text.ends_with('\n'));
}

bool same(const BounceTemplate& a, const BounceTemplate& b) {
  return a.kind == b.kind && a.charset == b.charset && a.from == b.from && a.subject == b.subject &&
         a.postmaster_subject == b.postmaster_subject && a.text == b.text;
}

void require_readable(const BounceTemplates& templates) {
  std::string all;
  for (const auto kind : kBounceKinds) all += in_file_format(templates.of(kind)) + "\n";
  const auto again = BounceTemplates::parse(all, "again");
  require(again && again->warnings().empty());
  for (const auto kind : kBounceKinds) require(same(again->of(kind), templates.of(kind)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto templates = BounceTemplates::parse(text, "templates");
  if (!templates) {
    require(templates.error().text.starts_with("templates"));
    return 0;
  }
  static const Settings settings(*MainCf::parse("a = 1$b\nb = $$x\nc = $c\nd = ${x\ne =\n"));
  for (const auto kind : kBounceKinds) {
    const auto& one = templates->of(kind);
    require_usable(one);
    const auto expanded = expanded_text(one, settings, [](std::string_view what) { require(!what.empty()); });
    if (expanded) require(expanded->ends_with('\n') && expanded->size() <= kLongestExpansion);
    if (!expanded) require(!expanded.error().text.empty());
  }
  require_readable(*templates);
  return 0;
}
