#include "commands/sendmail/options.h"

#include <algorithm>
#include <cctype>

#include "lib/base/text.h"
#include "lib/wire/xtext.h"

namespace postern::sendmail {

namespace {

constexpr std::string_view kUsage = "usage: sendmail [options]";
// Options with a value, in the same word or the next.
constexpr std::string_view kWithValue = "ABCFLNORVXbfhopr";
constexpr std::string_view kFlags = "GIUceimnqtvx";
constexpr std::size_t kLongestEnvid = 100;  // RFC 3461 4.4

Result<std::string> notify_of(std::string_view text) {
  std::string out;
  const auto words = split_words(text, ",");
  for (const auto word : words) {
    const std::string name = upper(word);
    if (name != "NEVER" && name != "SUCCESS" && name != "FAILURE" && name != "DELAY") {
      return fail(Errc::invalid, concat("unknown DSN NOTIFY command value \"", word, "\" in \"", text, "\""));
    }
    if (out.find(name) == std::string::npos) out += concat(out.empty() ? "" : ",", name);
  }
  const bool never = out.find("NEVER") != std::string::npos;
  if (out.empty() || (never && out != "NEVER")) return fail(Errc::invalid, "");
  return out;
}

Result<void> set_mode(Options& options, const std::string& value) {
  switch (value.size() == 1 ? value.front() : '\0') {
    case 'm': options.mode = Mode::deliver; break;
    case 's': options.mode = Mode::smtp; break;
    case 'v': options.mode = Mode::verify; break;
    case 'p': options.mode = Mode::list; break;
    case 'i': options.mode = Mode::aliases; break;
    case 'd':
    case 'l': options.mode = Mode::daemon; break;
    default: return fail(Errc::invalid, concat("unsupported: -b", value));
  }
  return {};
}

Result<void> set_body(Options& options, const std::string& value) {
  const std::string name = upper(value);
  if (name != "7BIT" && name != "8BITMIME") return fail(Errc::invalid, "-B option needs 8BITMIME or 7BIT");
  options.body_type = name;
  return {};
}

Result<void> set_old(Options& options, const std::string& value) {
  switch (value.empty() ? '\0' : value.front()) {
    case 'A':
      if (value.size() == 1) return fail(Errc::invalid, "-oA requires pathname");
      options.alias_database = value.substr(1);
      break;
    case '7': return set_body(options, "7BIT");
    case '8': return set_body(options, "8BITMIME");
    case 'i': options.ignore_dots = true; break;
    default: break;  // options of other systems
  }
  return {};
}

Result<void> set_flush(Options& options, const std::string& value) {
  const char kind = value.empty() ? '\0' : value.front();
  if (kind == '\0') {
    options.mode = Mode::flush;
  } else if (is_digit(kind)) {
    if (options.mode == Mode::deliver) options.mode = Mode::nothing;
  } else if (kind == 'I' && value.size() > 1) {
    options.mode = Mode::flush;
    options.flush_id = value.substr(1);
  } else if (kind == 'R' && value.size() > 1) {
    options.mode = Mode::flush;
    options.flush_site = value.substr(1);
  } else {
    return fail(Errc::invalid, concat("-q", value, " is not implemented"));
  }
  return {};
}

void set_dsn(Options& options, char option, const std::string& value) {
  if (option == 'N') {
    const auto notify = notify_of(value);
    if (notify) {
      options.notify = *notify;
      return;
    }
    if (!notify.error().text.empty()) options.warnings.push_back(notify.error().text);
  } else if (option == 'R') {
    const std::string name = upper(value);
    if (name == "FULL" || name == "HDRS") {
      options.ret = name;
      return;
    }
  } else {
    const bool printable_only =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (printable_only && !value.empty() && value.size() <= kLongestEnvid) {
      options.envid = wire::encode_xtext(value);
      return;
    }
  }
  options.warnings.push_back(concat("bad -", option, " option value -- ignored"));
}

Result<void> set_value(Options& options, char option, const std::string& value) {
  switch (option) {
    case 'B': return set_body(options, value);
    case 'C': options.config_directory = value; break;
    case 'F':
      options.full_name = value;
      options.full_name_given = true;
      break;
    case 'N':
    case 'R':
    case 'V': set_dsn(options, option, value); break;
    case 'X':
      if (value.starts_with('V'))
        options.warnings.emplace_back("option -XV (variable return paths) has no effect");
      break;
    case 'b': return set_mode(options, value);
    case 'f':
    case 'r':
      options.sender = value;
      options.sender_given = true;
      break;
    case 'o': return set_old(options, value);
    default: break;  // -A, -L, -O, -h, -p: for other systems
  }
  return {};
}

Result<void> set_flag(Options& options, char option) {
  switch (option) {
    case 'I': options.mode = Mode::aliases; break;
    case 'i': options.ignore_dots = true; break;
    case 'n': return fail(Errc::invalid, "-n option not supported");
    case 't': options.extract_recipients = true; break;
    case 'v': ++options.verbose; break;
    default: break;  // -G, -U, -c, -m, -x
  }
  return {};
}

// One word of options: "-oi", "-vt", "-fann". Says whether the next word is its value.
Result<bool> set_word(Options& options, const std::string& word, const std::string* next) {
  for (std::size_t at = 1; at < word.size(); ++at) {
    const char option = word[at];
    const std::string rest = word.substr(at + 1);
    Result<void> done;
    if (option == 'q') {
      done = set_flush(options, rest);
    } else if (option == 'e') {
      // Its letter, when there is one, belongs to it: -oem, -em.
    } else if (kWithValue.find(option) != std::string_view::npos) {
      if (rest.empty() && next == nullptr) {
        return fail(Errc::invalid, concat("option requires an argument -- '", option, "'"));
      }
      done = set_value(options, option, rest.empty() ? *next : rest);
      if (!done) return fail(done.error());
      return rest.empty();
    } else if (kFlags.find(option) != std::string_view::npos) {
      done = set_flag(options, option);
      if (!done) return fail(done.error());
      continue;
    } else {
      return fail(Errc::invalid, concat("invalid option -- '", option, "'; ", kUsage));
    }
    if (!done) return fail(done.error());
    return false;
  }
  return false;
}

Result<void> check(const Options& options) {
  constexpr std::pair<Mode, std::string_view> kNoHeader[] = {{Mode::smtp, "-bs"},   {Mode::verify, "-bv"},
                                                             {Mode::list, "-bp"},   {Mode::aliases, "-bi"},
                                                             {Mode::daemon, "-bd"}, {Mode::flush, "-q"}};
  for (const auto& [mode, name] : kNoHeader) {
    if (options.extract_recipients && options.mode == mode) {
      return fail(Errc::invalid, concat("-t option cannot be used with ", name));
    }
  }
  return {};
}

}  // namespace

Result<Options> parse_options(const std::string& name, const std::vector<std::string>& words) {
  Options options;
  if (name == "mailq") options.mode = Mode::list;
  if (name == "newaliases") options.mode = Mode::aliases;
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--") {
      ++at;
      break;
    }
    if (word.size() < 2 || word.front() != '-') break;
    const Mode before = options.mode;
    const auto used = set_word(options, word, at + 1 < words.size() ? &words[at + 1] : nullptr);
    if (!used) return fail(used.error());
    if (*used) ++at;
    if (before == Mode::daemon && options.mode == Mode::flush) options.mode = Mode::daemon;
    if ((before == Mode::flush || before == Mode::nothing) && options.mode == Mode::daemon) {
      options.warnings.emplace_back("ignoring -q option in daemon mode");
    }
  }
  options.recipients.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  auto good = check(options);
  if (!good) return fail(good.error());
  return options;
}

}  // namespace postern::sendmail
