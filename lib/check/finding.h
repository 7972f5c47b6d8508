// What a judgement says about one place of a configuration.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::check {

enum class Severity {
  note,     // good to know
  warning,  // the mail system runs, but this is hardly what was meant
  error,    // it cannot run, or not as it is told
};

// "note", "warning" or "error".
std::string_view name_of(Severity severity);

struct Finding {
  Severity severity = Severity::note;
  std::string path;      // of the file; empty: of none
  std::size_t line = 0;  // from 1; 0: no single line
  std::string text;
  std::string name = {};  // the parameter, service or field that it is about; may be empty
};

// "PATH, line N: text", without what is not known.
std::string text_of(const Finding& finding);

// {"severity": "error", "path": "/etc/postern/main.cf", "line": 3, "text": "…", "name": "…"}
std::string json_of(const Finding& finding);

// From the text of an error that names its place itself, "PATH, line N: text"; another text is about the path
// as a whole.
Finding located(Severity severity, const std::string& path, std::string_view text, std::string name = {});

}  // namespace postern::check
