#include "deliver/common/command_result.h"

#include <sysexits.h>

#include "lib/base/text.h"
#include "lib/mail/status.h"

namespace postern::deliver {

namespace {

struct Meaning {
  int status;
  std::string_view dsn;
  std::string_view text;
};

constexpr Meaning kMeanings[] = {
    {EX_USAGE, "5.3.0", "command line usage error"},
    {EX_DATAERR, "5.6.0", "data format error"},
    {EX_NOINPUT, "5.3.0", "cannot open input"},
    {EX_NOUSER, "5.1.1", "user unknown"},
    {EX_NOHOST, "5.1.2", "host name unknown"},
    {EX_UNAVAILABLE, "5.3.0", "service unavailable"},
    {EX_SOFTWARE, "5.3.0", "internal software error"},
    {EX_OSERR, "4.3.0", "system resource problem"},
    {EX_OSFILE, "5.3.0", "critical OS file missing"},
    {EX_CANTCREAT, "5.2.0", "can't create user output file"},
    {EX_IOERR, "5.3.0", "input/output error"},
    {EX_TEMPFAIL, "4.3.0", "temporary failure"},
    {EX_PROTOCOL, "5.5.0", "remote error in protocol"},
    {EX_NOPERM, "5.7.0", "permission denied"},
    {EX_CONFIG, "5.3.5", "local configuration error"},
};

const Meaning* meaning_of(int status) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.status == status) return &meaning;
  }
  return nullptr;
}

std::string behind(std::string_view output) {
  return output.empty() ? std::string() : concat(". Command output: ", output);
}

Outcome with_diagnostic(Outcome outcome, std::string_view said) {
  outcome.diagnostic = concat("x-unix; ", said);
  return outcome;
}

Outcome exited(int status, std::string_view command, const std::string& output) {
  const auto [dsn, text] = mail::split_dsn(output);
  if (dsn.given() && dsn.kind != 2 && !text.empty()) {
    return with_diagnostic(Outcome::failed(dsn.text(), std::string(text)), text);
  }
  if (const auto* meaning = meaning_of(status)) {
    return with_diagnostic(Outcome::failed(std::string(meaning->dsn), concat(meaning->text, behind(output))),
                           output.empty() ? meaning->text : output);
  }
  return with_diagnostic(Outcome::bounced("5.3.0", concat("Command died with status ", status, ": \"",
                                                          command, '"', behind(output))),
                         output.empty() ? "unknown mail system error" : output);
}

}  // namespace

std::string one_line(std::string_view output) {
  std::string line;
  for (const char c : trim(output)) line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  return printable(line, 4000);
}

Outcome command_outcome(const CommandEnded& ended, std::string_view command) {
  const std::string output = one_line(ended.output);
  const std::string_view said = output.empty() ? "internal software error" : std::string_view(output);
  switch (ended.how) {
    case CommandEnding::time_out:
      return with_diagnostic(
          Outcome::bounced("5.3.0", concat("Command time limit exceeded: \"", command, '"', behind(output))),
          said);
    case CommandEnding::signaled:
      return with_diagnostic(Outcome::deferred("4.3.0", concat("Command died with signal ", ended.number,
                                                               ": \"", command, '"', behind(output))),
                             said);
    case CommandEnding::not_started:
      return Outcome::deferred("4.3.0", concat("temporary failure", behind(output)));
    case CommandEnding::exited: break;
  }
  if (ended.number != 0) return exited(ended.number, command, output);
  return Outcome::sent(output);
}

}  // namespace postern::deliver
