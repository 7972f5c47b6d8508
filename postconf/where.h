// Which services: a condition on what their entries say.
//
//   command=smtpd* and chroot=y
//   not (program=smtp or program=lmtp) and smtp_tls_security_level!=none
//
// A term is NAME=PATTERN or NAME!=PATTERN; "*" and "?" in the pattern are wild; in quotes it may hold blanks. NAME is a field
// (chroot; "-" and what it stands for both fit), `command` (with its arguments), `program` (without), verbose, debug,
// option/X, argument/NAME, or a parameter that the service sets with -o.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/service.h"
#include "postconf/output.h"
#include "postconf/pattern.h"

namespace postern::postconf {

constexpr std::size_t kLongestCondition = 4096;
constexpr int kDeepestCondition = 50;  // parentheses and nots

class Condition {
 public:
  // True of every service.
  Condition() = default;

  // Fails with invalid: "--where: ..." and the place; with too_long.
  static Result<Condition> parse(std::string_view text);

  bool fits(const config::Service& service) const;
  bool is_always() const { return root_.kind == Kind::all_of && root_.below.empty(); }
  // The names of terms that are no fields and the like: parameters, if they are anything.
  std::vector<std::string> parameters() const;

 private:
  friend class ConditionParser;
  enum class Kind { term, all_of, any_of, none_of };
  struct Node {
    Kind kind = Kind::all_of;
    std::string name = {};
    Glob value = Glob();
    std::vector<Node> below = {};
  };
  static bool fits(const Node& node, const config::Service& service);
  static bool has(const Node& node, const config::Service& service);
  static void collect(const Node& node, std::vector<std::string>& names);

  Node root_;
};

// The condition of --where; without one, that which is true of all.
Result<Condition> condition_of(const Request& request);

// Warns of a name that no service sets and no program knows: a condition on it is a mistake.
void warn_of_unknown_names(const Condition& condition, const std::vector<config::Service>& services,
                           Output& output);

}  // namespace postern::postconf
