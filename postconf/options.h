// The options of postconf: letters, which are Postfix's but for -O and -R, and long ones, which are ours. Declared once: the
// parser and the help follow this table.
#pragma once

#include <string>
#include <string_view>

namespace postern::postconf {

// In the order in which messages name them.
constexpr std::string_view kLetters = "aAbcCdefFhHjlmMnoOpPqRtTvxX#";
constexpr std::string_view kWithValue = "cCoT";
constexpr std::string_view kModes = "aAbFlmMOpPRtT";
constexpr std::string_view kLists = "aAblmtT";  // modes that are about no name space

// Long options. `value`: what its value is called, empty when it has none.
struct LongOption {
  std::string_view name, value, help;
};

constexpr LongOption kLongOptions[] = {
    {"apply", "FILE", "set what FILE says (JSON, or lines of name=value)"},
    {"check", "", "judge what is there, or what an edit would make of it"},
    {"clone", "FROM TO", "a new service like another one"},
    {"create", "", "-F, -P and -O make a service that is not there yet"},
    {"dry-run", "", "show what an edit would change, as a unified diff"},
    {"explain", "", "what parameters mean: type, bounds, default, since when"},
    {"help", "", "this text"},
    {"history", "", "the last edits; with a number, what that one changed"},
    {"if", "NAME=VALUE", "edit only if this is the present value"},
    {"json", "", "the same as -j"},
    {"origin", "", "where each value stands: file and line, or default"},
    {"reload", "", "edit, check, reload; take the edit back if that fails"},
    {"rename", "FROM TO", "another name or type for a service"},
    {"running", "", "the same as -R"},
    {"status", "", "exit with 0 changed or found, 2 unchanged, 3 not found"},
    {"uncomment", "", "the opposite of -#"},
    {"undo", "", "take back the last edit, or as many as a number says"},
    {"where", "CONDITION", "only such services: 'command=smtpd* and chroot=y'"},
};

// What --help shows.
std::string help_text();

}  // namespace postern::postconf
