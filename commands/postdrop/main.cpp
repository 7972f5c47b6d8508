// postdrop: puts a letter that sendmail hands it into maildrop/, whether the mail system runs or not. It is set-gid, and
// trusts nobody who calls it.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "commands/postdrop/drop_file.h"
#include "commands/postdrop/permission.h"
#include "lib/base/text.h"
#include "lib/config/params/limit_params.h"
#include "lib/daemon/contract.h"
#include "lib/queue/maildrop.h"

using namespace postern;

namespace {

struct Options {
  std::string directory;
  bool valid = true;
};

void say(std::string_view level, std::string_view text) {
  std::fprintf(stderr, "postdrop: %s: %s\n", std::string(level).c_str(), printable(text, 4000).c_str());
}

int fatal(int status, std::string_view text) {
  say("fatal", text);
  return status;
}

int status_for(const Error& error) {
  switch (error.kind) {
    case Errc::denied: return EX_NOPERM;
    case Errc::invalid: return EX_DATAERR;
    case Errc::too_long: return EX_UNAVAILABLE;
    default: return EX_TEMPFAIL;
  }
}

Options parse_options(int argc, char** argv) {
  Options options;
  if (const char* directory = std::getenv(daemon::kConfigVariable)) options.directory = directory;
  for (int option = 0; (option = ::getopt(argc, argv, "c:rv")) != -1;) {
    if (option == 'c') options.directory = optarg;
    if (option == '?') options.valid = false;
  }
  if (optind < argc) options.valid = false;
  return options;
}

struct Site {
  config::SubmissionParams params;
  std::int64_t size_limit = 0;  // of the content; 0: none
  uid_t uid = ::getuid();
  std::string login;
};

// What the stream says of the person is not believed.
Result<std::string> envelope_of(const Site& site, const std::string& lines) {
  auto dropped = queue::parse_dropped(lines);
  if (!dropped) return fail(dropped.error());
  if (dropped->recipients.empty()) return fail(Errc::invalid, "no recipients");
  auto allowed = postdrop::check_sender(site.params, site.login, dropped->sender);
  if (!allowed) return fail(allowed.error());
  dropped->arrived = wall_micros();
  dropped->uid = site.uid;
  dropped->login = site.login;
  return queue::format_dropped(*dropped);
}

// Reads standard input to its end, and no letter is kept that has none.
Result<void> take(const Site& site) {
  queue::StreamReader reader;
  std::optional<postdrop::DropFile> file;
  std::array<char, 65536> block{};
  std::string content;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read standard input", errno);
    if (got == 0) break;
    auto fed = reader.feed(std::string_view(block.data(), static_cast<std::size_t>(got)), content);
    if (!fed) return fed;
    if (reader.has_envelope() && !file) {
      auto envelope = envelope_of(site, reader.envelope());
      if (!envelope) return fail(envelope.error());
      auto made = postdrop::DropFile::create(*envelope);
      if (!made) return fail(made.error());
      file.emplace(std::move(*made));
    }
    if (!file || content.empty()) continue;
    if (site.size_limit > 0 && file->size() + static_cast<std::int64_t>(content.size()) > site.size_limit) {
      return fail(Errc::too_long, "message file too big");
    }
    auto written = file->write(content);
    if (!written) return written;
    content.clear();
  }
  if (!reader.ended() || !file) return fail(Errc::lost, "the submission broke off");
  return file->keep();
}

int run(const Options& options) {
  const auto directory = postdrop::config_directory(options.directory);
  if (!directory) return fatal(EX_NOPERM, directory.error().text);
  const auto settings = config::Settings::load(*directory);
  if (!settings) return fatal(EX_CONFIG, settings.error().text);
  Site site;
  config::LimitParams limits;
  auto loaded = site.params.load(*settings);
  if (loaded) loaded = limits.load(*settings);
  const auto queue = settings->value("queue_directory");
  if (!loaded) return fatal(EX_CONFIG, loaded.error().text);
  if (!queue) return fatal(EX_CONFIG, queue.error().text);
  site.size_limit = *limits.message_size_limit;
  site.login = postdrop::login_of(site.uid);
  auto allowed = postdrop::check_user(site.params, site.login, site.uid);
  if (!allowed) return fatal(status_for(allowed.error()), allowed.error().text);
  if (::chdir(queue->c_str()) != 0) return fatal(EX_TEMPFAIL, fail_errno(concat("chdir ", *queue), errno).value().text);
  auto taken = take(site);
  if (!taken) return fatal(status_for(taken.error()), taken.error().text);
  const auto woken = postdrop::wake_pickup();
  if (!woken) say("warning", woken.error().text);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (::fstat(number, &status) != 0 && ::fopen("/dev/null", "r+") == nullptr) return EX_OSERR;
  }
  const Options options = parse_options(argc, argv);
  if (!options.valid) return fatal(EX_USAGE, "usage: postdrop [-c config_dir] [-rv]");
  postdrop::watch_signals();
  return run(options);
}
