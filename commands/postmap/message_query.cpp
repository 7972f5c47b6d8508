// -h, -b, -m: a message as cleanup would look at it with header_checks, body_checks and mime_header_checks.
#include <algorithm>
#include <vector>

#include "commands/postmap/query.h"
#include "lib/base/text.h"
#include "lib/mail/header.h"

namespace postern::postmap {

namespace {

// The boundary of "multipart/…; boundary=TEXT"; "" for a message in a message, nothing for anything else.
std::string boundary_of(std::string_view content_type) {
  if (!istarts_with(trim(content_type), "multipart/")) return "";
  for (const auto parameter : split_fields(content_type, ';')) {
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos || !iequals(trim(parameter.substr(0, equals)), "boundary")) continue;
    auto value = trim(parameter.substr(equals + 1));
    if (value.starts_with('"')) value = value.substr(1, value.find('"', 1) - 1);
    return std::string(value);
  }
  return "";
}

std::string_view take_line(std::string_view& rest) {
  auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

enum class Bound { none, next, last };

Bound bound_in(std::string_view line, const std::vector<std::string>& boundaries) {
  if (!line.starts_with("--")) return Bound::none;
  for (const auto& boundary : boundaries) {
    if (!line.substr(2).starts_with(boundary)) continue;
    return trim(line.substr(2 + boundary.size())) == "--" ? Bound::last : Bound::next;
  }
  return Bound::none;
}

}  // namespace

// Takes a header block from the front; with `wanted` its fields are looked up, each with its folding.
Result<void> Query::headers(std::string_view& rest, bool wanted, std::string& boundary) {
  mail::HeaderWalk walk(rest);
  while (const auto field = walk.next()) {
    if (field->is("Content-Type")) boundary = boundary_of(field->value);
    if (!wanted) continue;
    auto text = field->raw;
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    auto asked = line(text);
    if (!asked) return asked;
  }
  rest.remove_prefix(std::min(walk.header_size(), rest.size()));
  return {};
}

Result<bool> Query::message(std::string_view rest) {
  std::vector<std::string> boundaries;
  std::string boundary;
  auto asked = headers(rest, options_.headers, boundary);
  if (!asked) return fail(asked.error());
  if (!boundary.empty()) boundaries.push_back(boundary);
  while (!rest.empty()) {
    const auto text = take_line(rest);
    if (options_.body) asked = line(text);
    if (!asked) return fail(asked.error());
    if (!options_.mime || bound_in(text, boundaries) != Bound::next) continue;
    boundary.clear();
    asked = headers(rest, options_.headers, boundary);
    if (!asked) return fail(asked.error());
    if (!boundary.empty()) boundaries.push_back(boundary);
  }
  return any_;
}

}  // namespace postern::postmap
