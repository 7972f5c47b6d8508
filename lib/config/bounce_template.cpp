#include "lib/config/bounce_template.h"

#include <algorithm>
#include <map>
#include <optional>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"

namespace postern::config {

namespace {

constexpr std::string_view kNames[] = {"failure", "delay", "success", "verify"};
constexpr std::string_view kAscii = "us-ascii";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; }

// Takes a line off the front, without its end.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<BounceKind> kind_of(std::string_view template_name) {
  for (const auto kind : kBounceKinds) {
    if (template_name == concat(name_of(kind), "_template")) return kind;
  }
  return std::nullopt;
}

// The file as names and values; what is in a value is not looked at.
class File {
 public:
  File(std::string_view text, const std::string& path, std::vector<std::string>& warnings)
      : rest_(text), path_(path), warnings_(warnings) {}

  Result<std::map<BounceKind, std::string>> values();

 private:
  std::string where() const { return concat(path_, ", line ", line_, ": "); }
  std::string_view next_line() {
    ++read_;
    return take_line(rest_);
  }
  Result<std::string> here_document(std::string_view marker);

  std::string_view rest_;
  const std::string& path_;
  std::vector<std::string>& warnings_;
  std::size_t read_ = 0, line_ = 0;  // lines read; the line of the entry
};

Result<std::map<BounceKind, std::string>> File::values() {
  std::map<BounceKind, std::string> found;
  while (!rest_.empty()) {
    const auto line = next_line();
    line_ = read_;
    if (trim(line).empty() || trim(line).front() == '#') continue;
    auto setting = split_setting(line);
    if (!setting) return fail(Errc::invalid, where() + setting.error().text);
    auto& [name, value] = *setting;
    const bool is_here = value.starts_with("<<");
    auto text = is_here ? here_document(trim(std::string_view(value).substr(2))) : concat(value, "\n");
    if (!text) return fail(text.error());
    if (const auto kind = kind_of(name)) {
      found.insert_or_assign(*kind, std::move(*text));
    } else {
      warnings_.push_back(
          concat(where(), "unknown template name: ", shown(name), " -- ignoring this template"));
    }
  }
  return found;
}

Result<std::string> File::here_document(std::string_view marker) {
  if (marker.empty()) return fail(Errc::invalid, where() + "missing end marker after <<");
  if (!is_alnum(marker.front())) return fail(Errc::invalid, where() + "malformed end marker after <<");
  std::string text;
  while (!rest_.empty()) {
    const auto line = next_line();
    if (line == marker) return text;
    text += concat(line, "\n");
  }
  warnings_.push_back(concat(where(), "missing \"", shown(marker), "\" end marker"));
  return text;
}

struct Header {
  std::string_view label, value;
};

// "Label: value", the label of printable ASCII without blanks; nothing when the line is none.
std::optional<Header> parse_header(std::string_view line) {
  const auto stop =
      std::find_if(line.begin(), line.end(), [](char c) { return c <= ' ' || c > '~' || c == ':'; });
  const auto label = line.substr(0, static_cast<std::size_t>(stop - line.begin()));
  auto rest = line.substr(label.size());
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  if (label.empty() || !rest.starts_with(':')) return std::nullopt;
  return Header{label, trim(rest.substr(1))};
}

std::string BounceTemplate::*field_of(std::string_view label) {
  constexpr std::pair<std::string_view, std::string BounceTemplate::*> kFields[] = {
      {"Charset", &BounceTemplate::charset},
      {"From", &BounceTemplate::from},
      {"Subject", &BounceTemplate::subject},
      {"Postmaster-Subject", &BounceTemplate::postmaster_subject}};
  for (const auto& [name, field] : kFields) {
    if (iequals(label, name)) return field;
  }
  return nullptr;
}

// What is wrong with the header in this template; empty when nothing is.
std::string fault(const Header& header, const BounceTemplate& made) {
  const auto of_value = [&](std::string_view what) {
    return concat(what, " \"", header.label, "\" header value");
  };
  const auto of_label = [&](std::string_view what) {
    return concat(what, " \"", header.label, "\" header label");
  };
  if (header.value.empty()) return of_value("empty");
  if (!is_ascii(header.value)) return of_value("non-ASCII");
  if (std::any_of(header.value.begin(), header.value.end(), is_control))
    return of_value("control character in");
  const auto field = field_of(header.label);
  if (field == nullptr) return of_label("unknown");
  // What the built-in template does not have does not apply to this kind.
  return (made.*field).empty() ? of_label("inapplicable") : std::string();
}

// The template that the value describes, on top of the built-in one; an error's text may be several lines.
Result<BounceTemplate> parse_template(BounceKind kind, std::string_view value, const std::string& path) {
  auto made = standard_template(kind);
  const auto refuse = [&](std::string_view what) {
    return fail(Errc::invalid,
                concat(path, ": ", what, " in ", name_of(kind), " template -- ignoring this template"));
  };
  while (value.starts_with('\n')) value.remove_prefix(1);
  auto rest = value;
  for (auto line = take_line(rest); const auto header = parse_header(line); line = take_line(rest)) {
    if (const auto what = fault(*header, made); !what.empty()) return refuse(what);
    made.*field_of(header->label) = header->value;
    value = rest;
  }
  for (rest = value; !value.empty() && trim(take_line(rest)).empty();) value = rest;
  if (value.empty()) return refuse("missing message text");
  if (!is_ascii(value) && iequals(made.charset, kAscii)) {
    return fail(Errc::invalid, concat(path, ": 8-bit message text in ", name_of(kind), " template\n",
                                      "please specify a charset value other than us-ascii\n",
                                      "-- ignoring this template for now"));
  }
  made.origin = path;
  made.text = value;
  return made;
}

}  // namespace

std::string_view name_of(BounceKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

BounceTemplates::BounceTemplates() {
  for (const auto kind : kBounceKinds) all_[static_cast<std::size_t>(kind)] = standard_template(kind);
}

Result<BounceTemplates> BounceTemplates::parse(std::string_view text, const std::string& path) {
  if (text.size() > kLongestTemplateFile) return fail(Errc::too_long, concat(path, ": file is too large"));
  if (const auto nul = text.find('\0'); nul != text.npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    return fail(Errc::invalid, concat(path, ", line ", line, ": NUL byte in text"));
  }
  BounceTemplates parsed;
  const auto values = File(text, path, parsed.warnings_).values();
  if (!values) return fail(values.error());
  for (const auto& [kind, value] : *values) {
    auto made = parse_template(kind, value, path);
    if (made) {
      parsed.all_[static_cast<std::size_t>(kind)] = std::move(*made);
    } else {
      for (const auto line : split_fields(made.error().text, '\n')) parsed.warnings_.emplace_back(line);
    }
  }
  return parsed;
}

Result<BounceTemplates> BounceTemplates::read(const std::string& path) {
  if (path.empty()) return BounceTemplates();
  const auto text = read_file(path, kLongestTemplateFile);
  if (!text) return fail(text.error());
  return parse(*text, path);
}

std::string here_document(std::string_view name, std::string_view text) {
  const auto has_line = [lines = "\n" + std::string(text)](const std::string& line) {
    return lines.find(concat("\n", line, "\n")) != std::string::npos;
  };
  std::string marker = "EOF";
  for (int i = 1; has_line(marker); ++i) marker = concat("EOF", i);
  return concat(name, " = <<", marker, "\n", text, marker, "\n");
}

std::string in_file_format(const BounceTemplate& shown) {
  auto text = concat("Charset: ", shown.charset, "\nFrom: ", shown.from, "\nSubject: ", shown.subject, "\n");
  if (!shown.postmaster_subject.empty())
    text += concat("Postmaster-Subject: ", shown.postmaster_subject, "\n");
  return here_document(concat(name_of(shown.kind), "_template"), concat(text, "\n", shown.text));
}

}  // namespace postern::config
