// run(): from exec to the loop, and back.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/process_params.h"
#include "lib/daemon/debugger.h"
#include "lib/daemon/server.h"
#include "lib/daemon/service.h"
#include "lib/table/opening.h"

// The mark of mark.h, in every program that has run(): the sizes of its name and of what it says, its type, its
// name, and the version of the contract.
asm(R"(
  .pushsection .note.postern, "a", %note
  .balign 4
  .long 8, 4, 1
  .asciz "Postern"
  .long 1
  .popsection
)");

namespace postern::daemon {

namespace {

constexpr const char* kStandardConfig = "/etc/postern";
constexpr mode_t kMask = 077;

std::string environment(const char* name, const char* otherwise) {
  const char* value = ::getenv(name);
  return value == nullptr ? otherwise : value;
}

unsigned number_from(const char* name, unsigned most) {
  const auto number = parse_number(environment(name, "0"));
  return number && *number <= most ? static_cast<unsigned>(*number) : 0;
}

// Takes the identity of others, or starts what will: such a program has to begin as root, and stays it.
bool needs_root(const Rights& rights) { return rights.identities || rights.execute; }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// Terminal keys and the end of a terminal are master's to act on, in whose process group we are.
void ignore_signals() {
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT}) ::signal(number, SIG_IGN);
}

}  // namespace

class Skeleton {
 public:
  Skeleton(const Program& program, const MakeService& make) : program_(program), make_(make) {}

  // The exit status.
  int live(const std::vector<std::string>& words) {
    log::open({std::string(program_.name), "", log::Target::descriptor, Fd()});
    auto lived = start(words);
    if (lived) lived = serve();
    if (!lived) return fail_with(lived.error());
    finish_log();
    return EXIT_SUCCESS;
  }

 private:
  // What nobody will hear from us, master says.
  void finish_log() {
    log::finish();
    if (context_ && log::waiting()) context_->gauge(kLogUnsaid).set(log::unsaid());
  }

  int fail_with(const Error& error) {
    log_fatal(error.text);
    finish_log();
    status_.last_words(error.text);
    return EXIT_FAILURE;
  }

  Result<void> start(const std::vector<std::string>& words) {
    const unsigned generation = number_from(kGenerationVariable, UINT32_MAX);
    status_ = StatusChannel(kStatusDescriptor, generation);
    auto arguments = parse_arguments(words, program_.name);
    if (!arguments) return fail(arguments.error());
    auto settings = read_settings(*arguments, program_.name);
    if (!settings) return fail(settings.error());
    context_ = std::make_unique<Context>(loop_, program_, std::move(*arguments), std::move(*settings));
    context_->generation_ = generation;
    context_->slot_ = number_from(kSlotVariable, kSlots - 1);
    context_->parent_ = ::getppid();
    auto loaded = common_.load(context_->settings());
    if (loaded) loaded = process_.load(context_->settings());
    if (!loaded) return loaded;
    context_->ipc_timeout_ = *process_.ipc_timeout;
    open_log();
    log::set_verbosity(context_->arguments().verbose);
    auto fitted = fit_sessions();
    if (!fitted) return fitted;
    auto taken = take_descriptors();
    if (taken && context_->arguments().debug) {
      taken = run_debugger(context_->settings(), *process_.debugger_command, program_.name);
    }
    return taken ? check_privilege(program_.rights) : taken;
  }

  // A session needs a descriptor, and now and then a second one for its content: without them, accepting would fail.
  Result<void> fit_sessions() {
    const Arguments& arguments = context_->arguments();
    const bool has_sessions = arguments.type == "inet" || arguments.type == "pass";
    if (!has_sessions || program_.serves_services || program_.takes_connections) return {};
    constexpr std::int64_t kOthers = 100, kShare = 90;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    const auto most = static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, INT32_MAX));
    const std::int64_t fit = std::max<std::int64_t>(1, (most - kOthers) * kShare / 100);
    if (*process_.process_session_limit <= fit) return {};
    log_warning(concat("service ", arguments.service, ": process_session_limit is ",
                       *process_.process_session_limit, ", but the limit of ", most,
                       " open files per process leaves room for ", fit));
    context_->settings_.override("process_session_limit", std::to_string(fit));
    return process_.load(context_->settings());
  }

  Result<void> check_privilege(const Rights& rights) const {
    const Arguments& arguments = context_->arguments();
    if (::geteuid() != 0 || !needs_root(rights) || !arguments.unprivileged) return {};
    return fail(Errc::denied,
                concat("service ", arguments.service, " requires privileged operation: program ",
                       program_.name, " needs unprivileged = n in master.cf"));
  }

  static Result<config::Settings> read_settings(const Arguments& arguments, std::string_view program) {
    config::Pairs overrides{{"service_name", arguments.service},
                            {"process_name", std::string(program)},
                            {"process_id", std::to_string(::getpid())}};
    overrides.insert(overrides.end(), arguments.overrides.begin(), arguments.overrides.end());
    const std::string directory = environment(kConfigVariable, kStandardConfig);
    const int number = static_cast<int>(number_from(kMainCfVariable, kFirstListener + kMostListeners));
    if (number < kFirstListener || !is_open(number)) {
      return config::Settings::load(directory, std::move(overrides));
    }
    const Fd given(number);
    const auto text = read_file(concat("/proc/self/fd/", given.get()));
    if (!text) return fail(text.error());
    auto main = config::MainCf::parse(*text, concat(directory, "/main.cf"));
    if (!main) return fail(main.error());
    return config::Settings::of(std::move(*main), directory, std::move(overrides));
  }

  void open_log() {
    const std::string kind = environment(kLogVariable, "none");
    if (kind == "none" || !is_open(kLogDescriptor)) return;
    const auto target = kind == "syslog" ? log::Target::syslog : log::Target::descriptor;
    const std::string_view name = program_.log_name.empty() ? program_.name : program_.log_name;
    const std::string tag = concat(*common_.syslog_name, "/", name);
    log::open({tag, *common_.myhostname, target, Fd(kLogDescriptor)});
  }

  // What master left for us at fixed numbers. Started by hand, there is nothing.
  Result<void> take_descriptors() {
    Fd board(is_open(kScoreboardDescriptor) ? kScoreboardDescriptor : -1);
    if (board) {
      auto page = OwnPage::open(board.get(), context_->slot(), program_.name, context_->service_name(),
                                context_->generation());
      if (!page) return fail(page.error());
      context_->page_ = std::move(*page);
    }
    for (unsigned i = 0; i < context_->arguments().listeners; ++i) {
      Fd listener(kFirstListener + static_cast<int>(i));
      auto set = set_close_on_exec(listener.get(), true);
      if (set) set = set_nonblocking(listener.get());
      if (!set) return fail(Errc::invalid, concat("no listening socket ", i, ": ", set.error().text));
      context_->listeners_.push_back(std::move(listener));
    }
    for (const int fd : {kLogDescriptor, kStatusDescriptor}) {
      if (is_open(fd) && ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return fail_errno("fcntl", errno);
    }
    return {};
  }

  Result<void> serve() {
    context_->queue_directory_ = *common_.queue_directory;
    if (::chdir(common_.queue_directory->c_str()) != 0) {
      return fail_errno(concat("chdir ", *common_.queue_directory), errno);
    }
    const std::unique_ptr<Service> service = make_();
    auto prepared = prepare(*service);
    if (!prepared) return fail(prepared.error());
    Server server(*context_, *service, status_, context_->take_listeners(), program_.wakeups, limits());
    server.watch(std::move(*prepared));
    server.run();
    return {};
  }

  // The files of the tables that were opened.
  Result<table::WatchedFiles> prepare(Service& service) {
    table::Opening opening(&context_->settings(), &loop_);
    auto ready = service.prepare(*context_);
    Rights& rights = context_->rights();
    rights.connect_unix = rights.connect_unix || opening.connects_unix();
    rights.connect_inet = rights.connect_inet || opening.connects_inet();
    if (ready) ready = check_type();
    if (ready) ready = enter_jail_as_told();
    if (ready) ready = service.enter();
    if (!ready) return fail(ready.error());
    return std::move(opening.files());
  }

  // A service that reads its sockets itself has taken them; the skeleton accepts connections and reads triggers.
  Result<void> check_type() const {
    const std::string& type = context_->arguments().type;
    const bool taken = context_->listeners_.empty();
    const bool fits =
        taken || (type == "fifo" ? program_.wakeups && !program_.serves_services : type != "unix-dgram");
    if (fits) return {};
    return fail(Errc::invalid, concat("program ", program_.name, " cannot serve a socket of type ", type));
  }

  Result<void> enter_jail_as_told() {
    JailPlan plan;
    plan.directory = *common_.queue_directory;
    plan.chroot = context_->arguments().chroot;
    plan.filter = *process_.daemon_jail;
    plan.rights = context_->rights();
#ifdef POSTERN_SANITIZED
    plan.rights.read.emplace_back("/proc");  // the leak checker looks at the process itself
#endif
    auto allowed = check_privilege(plan.rights);  // prepare() may have added to them
    if (!allowed) return allowed;
    Identity identity;
    if (::geteuid() == 0 && !needs_root(plan.rights)) {
      warn_of_privilege();
      auto found = find_identity(*common_.mail_owner);
      if (!found) return fail(found.error());
      identity = std::move(*found);
      plan.identity = &identity;
    }
    auto confined = enter_jail(plan);
    if (!confined) return fail(confined.error());
    context_->confinement_ = *confined;
    show_confinement();
    return {};
  }

  void warn_of_privilege() const {
    if (context_->arguments().unprivileged) return;
    log_warning(concat("service ", context_->service_name(), ": program ", program_.name, " runs as ",
                       *common_.mail_owner,
                       ", not as root: unprivileged = n is for delivery to users alone"));
  }

  void show_confinement() {
    const Confinement& jail = context_->confinement_;
    for (const auto& [name, number] : values_of(jail)) context_->gauge(name).set(number);
    if (!log::is_verbose()) return;
    log_info(concat("service ", context_->service_name(), " of type ", context_->arguments().type,
                    ", generation ", context_->generation(), ", rights: user ", jail.user, ", ",
                    rights_in_words(jail, ""), ", capabilities ", capabilities_in_words(jail.capabilities)));
  }

  // Postfix's default is meant for processes with one session at a time. A process that may exist once, and to which
  // other services stay connected, cannot be replaced while they are.
  bool wears_out(const Limits& limits) const {
    if (program_.takes_connections || (limits.alone && program_.serves_services)) return false;
    return limits.sessions == 1 || context_->settings().source("max_use") != config::Source::standard;
  }

  Limits limits() const {
    constexpr std::size_t kServices = 10000;  // processes that may be connected to one that serves them
    Limits limits;
    limits.sessions =
        program_.serves_services ? kServices : static_cast<std::size_t>(*process_.process_session_limit);
    const bool unlimited = context_->arguments().limit == Arguments::Limit::none;
    if (program_.session_is_process && !unlimited) limits.sessions = 1;
    limits.taken = program_.takes_connections;
    limits.alone = context_->arguments().limit == Arguments::Limit::one;
    if (wears_out(limits)) limits.uses = static_cast<std::size_t>(*process_.max_use);
    if (!limits.alone && !limits.taken) limits.idle = *process_.max_idle;
    limits.watchdog = *process_.daemon_timeout;
    return limits;
  }

  Program program_;
  const MakeService& make_;
  config::CommonParams common_;
  config::ProcessParams process_;
  net::Loop loop_;
  StatusChannel status_;
  std::unique_ptr<Context> context_;
};

int run(int argc, char** argv, const Program& program, const MakeService& make) {
  ::umask(kMask);
  ::tzset();  // the zone's file is out of reach in the jail
  ignore_signals();
  const std::vector<std::string> words(argv + 1, argv + std::max(argc, 1));
  return Skeleton(program, make).live(words);
}

}  // namespace postern::daemon
