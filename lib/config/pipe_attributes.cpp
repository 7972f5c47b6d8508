#include "lib/config/pipe_attributes.h"

#include <optional>

#include "lib/base/text.h"

namespace postern::config {

namespace {

Result<void> read_flags(std::string_view flags, PipeAttributes& attributes) {
  for (const char flag : flags) {
    switch (flag) {
      case 'B': attributes.blank_line = true; break;
      case 'D': attributes.delivered_to = true; break;
      case 'F': attributes.from_line = true; break;
      case 'O': attributes.original_to = true; break;
      case 'R': attributes.return_path = true; break;
      case 'X': attributes.final = true; break;
      case 'h': attributes.fold_host = true; break;
      case 'q': attributes.quote = true; break;
      case 'u': attributes.fold_user = true; break;
      case '.': attributes.quote_dots = true; break;
      case '>': attributes.quote_from = true; break;
      default: return fail(Errc::invalid, concat("unknown flag: ", std::string(1, flag)));
    }
  }
  return {};
}

Result<void> read_user(std::string_view value, PipeAttributes& attributes) {
  const auto colon = value.find(':');
  attributes.command.user = std::string(value.substr(0, colon));
  if (colon != value.npos) attributes.command.group = std::string(value.substr(colon + 1));
  if (attributes.command.user.empty()) return fail(Errc::invalid, "attribute user= names nobody");
  return {};
}

Result<void> read_size(std::string_view value, PipeAttributes& attributes) {
  const auto size = parse_number(value);
  if (!size) return fail(Errc::invalid, concat("bad size= value: ", value));
  attributes.size = *size;
  return {};
}

Result<void> read_attribute(std::string_view name, std::string_view value, PipeAttributes& attributes) {
  if (iequals(name, "flags")) return read_flags(value, attributes);
  if (iequals(name, "user")) return read_user(value, attributes);
  if (iequals(name, "size")) return read_size(value, attributes);
  if (iequals(name, "directory")) {
    attributes.directory = std::string(value);
  } else if (iequals(name, "chroot")) {
    attributes.chroot = std::string(value);
  } else if (iequals(name, "eol")) {
    attributes.line_end = unescaped(value);
  } else if (iequals(name, "null_sender")) {
    attributes.null_sender = std::string(value);
  } else {
    return fail(Errc::invalid, concat("unknown attribute name: ", name));
  }
  return {};
}

}  // namespace

Result<PipeAttributes> parse_pipe_attributes(const List& words) {
  PipeAttributes attributes;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto equals = word->find('=');
    if (equals == std::string::npos) return fail(Errc::invalid, concat("unknown attribute name: ", *word));
    const std::string_view name = std::string_view(*word).substr(0, equals);
    const std::string_view value = std::string_view(*word).substr(equals + 1);
    if (iequals(name, "argv")) {
      attributes.command.words.emplace_back(value);
      attributes.command.words.insert(attributes.command.words.end(), word + 1, words.end());
      break;
    }
    auto read = read_attribute(name, value, attributes);
    if (!read) return fail(read.error());
  }
  if (attributes.command.user.empty()) return fail(Errc::invalid, "missing user= command-line attribute");
  if (attributes.command.words.empty() || attributes.command.words.front().empty()) {
    return fail(Errc::invalid, "missing argv= command-line attribute");
  }
  return attributes;
}

}  // namespace postern::config
