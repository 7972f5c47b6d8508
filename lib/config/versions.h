// Which version of Postfix first had a parameter, and what took the place of names that should no longer be used:
// for explanations and warnings. Facts from the manual and the release notes of Postfix up to 3.11; what a patch
// release brought early counts from the next release. Constant data: nothing is built at start.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace postern::config {

// "2.3"; empty for a parameter that only this software has; nothing when no record says it: a parameter that is as old
// as Postfix itself, or no parameter at all.
std::optional<std::string_view> since(std::string_view name);

struct Replaced {
  std::string_view name;
  std::string_view since;    // the version from which on it should not be used
  std::string_view instead;  // a parameter; empty: it can go without another one
  std::string_view warned;   // the version whose postconf first warns about it; empty: none does
};

// Null for a name that is as good as ever.
const Replaced* replaced(std::string_view name);

// All of them, sorted by name.
std::span<const Replaced> replaced_names();

// What came with one version, sorted by name.
struct Release {
  std::string_view version;
  std::span<const std::string_view> names;
};

// The table behind since(), oldest first; version is empty in the first, our own.
std::span<const Release> releases();

}  // namespace postern::config
