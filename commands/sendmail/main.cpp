// sendmail: what programs on this host call to send mail. Also mailq and newaliases, by these names.
#include <pwd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "commands/sendmail/addresses.h"
#include "commands/sendmail/letter_input.h"
#include "commands/sendmail/options.h"
#include "commands/sendmail/session.h"
#include "commands/sendmail/submission.h"
#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/config/params/submission_params.h"
#include "lib/config/place.h"
#include "lib/config/standards.h"
#include "lib/config/values.h"
#include "lib/daemon/contract.h"
#include "lib/ipc/messages/envelope.h"

using namespace postern;
using namespace postern::sendmail;

namespace {

constexpr std::size_t kLargestHeader = 8u << 20;

std::string own_name = "sendmail";

void say(std::string_view level, std::string_view text) {
  std::fprintf(stderr, "%s: %s: %s\n", own_name.c_str(), std::string(level).c_str(), printable(text, 4000).c_str());
}

int fatal(int status, std::string_view text) {
  say("fatal", text);
  return status;
}

struct Caller {
  std::string login, full_name;
  std::string text;  // "ann(1000)", as messages have it
};

// The name in passwd(5), where '&' stands for the login.
std::string gecos_name(const passwd& user) {
  std::string out;
  for (const char* at = user.pw_gecos; at != nullptr && *at != '\0' && *at != ',' && *at != ';' && *at != '%'; ++at) {
    if (*at != '&') {
      out += *at;
    } else if (user.pw_name[0] != '\0') {
      out += concat(to_upper(user.pw_name[0]), user.pw_name + 1);
    }
  }
  return out;
}

Caller caller_for(const Options& options) {
  const uid_t uid = ::getuid();
  const passwd* user = ::getpwuid(uid);
  Caller caller;
  caller.login = user == nullptr ? std::to_string(uid) : user->pw_name;
  caller.text = concat(caller.login, "(", uid, ")");
  const char* name = std::getenv("NAME");
  if (options.full_name_given) {
    caller.full_name = options.full_name;
  } else if (name != nullptr) {
    caller.full_name = name;
  } else if (user != nullptr) {
    caller.full_name = gecos_name(*user);
  }
  return caller;
}

struct Site {
  Tools tools;
  config::CommonParams common;
  config::LimitParams limits;
  config::SubmissionParams submission;
};

LineEnds line_ends(const Site& site) {
  if (*site.submission.fix_line_endings == "never") return LineEnds::never;
  return *site.submission.fix_line_endings == "strict" ? LineEnds::strict : LineEnds::always;
}

std::string sender_of(const Options& options, const Caller& caller) {
  if (!options.sender_given) return caller.login;
  if (options.sender.empty() || options.sender == "<>") return {};
  const auto found = addresses_in(options.sender);
  if (found.size() == 1) return found.front();
  say("warning", concat("-f option specified malformed sender: ", options.sender));
  return {};
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

queue::Dropped envelope_for(const Options& options, const Caller& caller) {
  queue::Dropped envelope;
  envelope.sender = sender_of(options, caller);
  envelope.full_name = caller.full_name;
  envelope.envid = options.envid;
  envelope.ret = options.ret;
  envelope.body_type = options.body_type;
  if (options.mode == Mode::verify) {
    envelope.purpose = static_cast<int>(ipc::Purpose::verify);
  } else if (options.verbose > 0) {
    envelope.purpose = static_cast<int>(ipc::Purpose::record);
  }
  return envelope;
}

void add_recipients(queue::Dropped& envelope, const std::vector<std::string>& addresses, const Options& options) {
  for (const std::string& address : addresses) {
    envelope.recipients.push_back({address, options.notify, ""});
    envelope.smtputf8 = envelope.smtputf8 || !is_ascii(address);
  }
}

// Where the header section ends; nothing while that is not known.
bool has_header(const std::string& text) {
  return text.starts_with('\n') || text.find("\n\n") != std::string::npos || text.size() > kLargestHeader;
}

// The content on standard input, piece by piece; false at its end.
bool read_some(LetterInput& input, std::string& text, int& problem) {
  std::array<char, 65536> block{};
  if (input.ended()) return false;
  ssize_t got = -1;
  do {
    got = ::read(STDIN_FILENO, block.data(), block.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) problem = errno;
  if (got <= 0) {
    input.finish(text);
    return false;
  }
  input.feed(std::string_view(block.data(), static_cast<std::size_t>(got)), text);
  return true;
}

int exit_status(int status, const Caller& caller) {
  switch (status) {
    case EXIT_SUCCESS: return status;
    case EX_UNAVAILABLE: return fatal(status, concat(caller.text, ": message file too big"));
    case EX_NOPERM: return fatal(status, concat(caller.text, ": not allowed to submit this message"));
    case EX_DATAERR: return fatal(status, concat(caller.text, ": malformed message envelope"));
    case EX_CONFIG: return fatal(status, concat(caller.text, ": bad configuration"));
    default: return fatal(EX_TEMPFAIL, concat(caller.text, ": queue file write error"));
  }
}

void promise_report(const queue::Dropped& envelope) {
  if (envelope.purpose == 0) return;
  std::printf("Mail Delivery Status Report will be mailed to <%s>.\n", printable(envelope.sender).c_str());
}

int submit(const Site& site, const Options& options, const Caller& caller, queue::Dropped envelope, std::string text,
           LetterInput* input) {
  int problem = 0;
  bool more = input != nullptr;
  while (more && options.extract_recipients && !has_header(text)) more = read_some(*input, text, problem);
  if (options.extract_recipients) add_recipients(envelope, recipients_in(text), options);
  if (envelope.recipients.empty()) {
    return fatal(EX_USAGE, concat(caller.text, ": No recipient addresses found in message header"));
  }
  if (!is_ascii(envelope.sender)) envelope.smtputf8 = true;
  auto submission = Submission::begin(site.tools, envelope);
  if (!submission) return fatal(EX_TEMPFAIL, concat(caller.text, ": ", submission.error().text));
  submission->write(text);
  while (more) {
    text.clear();
    more = read_some(*input, text, problem);
    submission->write(text);
  }
  if (problem != 0) {
    return fatal(EX_IOERR, concat(caller.text, ": ", fail_errno("read standard input", problem).value().text));
  }
  const int status = submission->finish();
  if (status == EXIT_SUCCESS) promise_report(envelope);
  return exit_status(status, caller);
}

int deliver(const Site& site, const Options& options) {
  const Caller caller = caller_for(options);
  queue::Dropped envelope = envelope_for(options, caller);
  for (const std::string& word : options.recipients) add_recipients(envelope, addresses_in(word), options);
  if (envelope.recipients.empty() && !options.extract_recipients) {
    return fatal(EX_USAGE, concat(caller.text, ": Recipient addresses must be specified on the command line or via "
                                               "the -t option"));
  }
  if (options.mode == Mode::verify) {
    std::string probe = concat("From: ", envelope.sender, "\nSubject: probe\nTo:");
    for (const auto& recipient : envelope.recipients) {
      probe += concat(&recipient == envelope.recipients.data() ? "" : ",", "\n\t", recipient.address);
    }
    return submit(site, options, caller, std::move(envelope), probe + "\n\n", nullptr);
  }
  LetterInput input(line_ends(site), !options.ignore_dots);
  return submit(site, options, caller, std::move(envelope), "", &input);
}

int speak_smtp(const Site& site, const config::Settings& settings) {
  SessionSetup setup;
  setup.tools = site.tools;
  setup.host = *site.common.myhostname;
  setup.greeting = settings.value("smtpd_banner").value_or(concat(setup.host, " ESMTP"));
  setup.size_limit = *site.limits.message_size_limit;
  const auto limit = parse_number(settings.value("smtpd_recipient_limit").value_or(""));
  if (limit) setup.recipient_limit = static_cast<std::size_t>(*limit);
  Session session(std::move(setup), STDIN_FILENO, STDOUT_FILENO);
  return session.run();
}

// Becomes another command of the mail system.
int become(const Site& site, std::vector<std::string> words) {
  const std::string path = concat(site.tools.directory, "/", words.front());
  ::setenv(daemon::kConfigVariable, site.tools.config_directory.c_str(), 1);
  const std::vector<char*> pointers = pointers_to(words);
  ::execv(path.c_str(), pointers.data());
  return fatal(EX_UNAVAILABLE, fail_errno(concat("unable to execute ", path), errno).value().text);
}

int build_aliases(const Site& site, const config::Settings& settings, const Options& options) {
  std::vector<std::string> words{"postalias"};
  const std::string all =
      options.alias_database.empty() ? settings.value("alias_database").value_or("") : options.alias_database;
  for (const auto word : split_words(all)) words.emplace_back(word);
  return words.size() == 1 ? EXIT_SUCCESS : become(site, std::move(words));
}

int flush(const Site& site, const Options& options) {
  if (!options.flush_id.empty()) return become(site, {"postqueue", "-i", options.flush_id});
  if (!options.flush_site.empty()) return become(site, {"postqueue", "-s", options.flush_site});
  return become(site, {"postqueue", "-f"});
}

int run(const Options& options) {
  const char* variable = std::getenv(daemon::kConfigVariable);
  std::string directory = options.config_directory;
  if (directory.empty()) directory = variable == nullptr ? "" : variable;
  if (directory.empty()) directory = config::standard_value("config_directory").value_or("/etc/postern");
  const auto settings = config::Settings::load(directory);
  if (!settings) return fatal(EX_CONFIG, settings.error().text);
  Site site;
  auto loaded = site.common.load(*settings);
  if (loaded) loaded = site.limits.load(*settings);
  if (loaded) loaded = site.submission.load(*settings);
  if (!loaded) return fatal(EX_CONFIG, loaded.error().text);
  site.tools = {*site.common.command_directory, directory};
  const bool is_standard = settings->source("command_directory") == config::Source::standard;
  if (is_standard && config::runs_in_place()) site.tools.directory = config::own_directory();
  switch (options.mode) {
    case Mode::smtp: return speak_smtp(site, *settings);
    case Mode::list: return become(site, {"postqueue", "-p"});
    case Mode::aliases: return build_aliases(site, *settings, options);
    case Mode::daemon: return become(site, {"postern", "-c", directory, "start"});
    case Mode::flush: return flush(site, options);
    case Mode::nothing: return EXIT_SUCCESS;
    case Mode::deliver:
    case Mode::verify: break;
  }
  return deliver(site, options);
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);
  if (argc > 0) own_name = argv[0];
  own_name.erase(0, own_name.rfind('/') + 1);
  const auto options = parse_options(own_name, {argv + 1, argv + std::max(argc, 1)});
  if (!options) return fatal(EX_USAGE, options.error().text);
  for (const std::string& warning : options->warnings) say("warning", warning);
  return run(*options);
}
