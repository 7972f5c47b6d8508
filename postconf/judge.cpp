#include "postconf/judge.h"

#include <climits>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/check/check.h"

namespace postern::postconf {

namespace {

using check::Finding;
using check::Severity;

// The files are named in full, as every program names them.
std::string absolute(const std::string& directory) {
  char found[PATH_MAX];
  return ::realpath(directory.c_str(), found) == nullptr ? directory : std::string(found);
}

std::string line_of(const Finding& finding) {
  return printable(concat(check::name_of(finding.severity), ": ", check::text_of(finding)), 4000);
}

void show(const std::vector<Finding>& findings, const Request& request, Output& output) {
  for (const auto& finding : findings) {
    if (request.quiet && finding.severity == Severity::note) continue;
    output.line(request.json ? check::json_of(finding) : line_of(finding));
  }
  output.failed = check::has_error(findings);
}

Result<check::Subject> subject_of(const Draft& draft) {
  check::Subject subject;
  subject.directory = absolute(draft.directory());
  auto main = draft.main_text();
  if (!main) return fail(main.error());
  auto master = draft.master_text();
  if (!master) return fail(master.error());
  subject.main_cf = std::move(*main);
  subject.master_cf = std::move(*master);
  return subject;
}

}  // namespace

Result<void> judge(const Request& request, Output& output) {
  const auto subject = check::read_subject(absolute(request.directory));
  if (!subject) return fail(subject.error());
  show(check::check(*subject), request, output);
  return {};
}

Result<void> judge_draft(const Request& request, const Draft& draft, Output& output) {
  const auto subject = subject_of(draft);
  if (!subject) return fail(subject.error());
  show(check::check(*subject), request, output);
  return {};
}

Result<void> refuse_errors(const Draft& draft, Output& output) {
  const auto subject = subject_of(draft);
  if (!subject) return fail(subject.error());
  const auto findings = check::check(*subject);
  for (const auto& finding : findings) {
    if (finding.severity != Severity::note) output.err += concat("postconf: ", line_of(finding), "\n");
  }
  return check::has_error(findings)
             ? fail(Errc::invalid, "nothing was changed: the configuration would have errors")
             : Result<void>();
}

}  // namespace postern::postconf
