#include "master/supervisor.h"

#include <sys/wait.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/process_params.h"
#include "lib/config/params/smtpd_tls_params.h"
#include "lib/daemon/log_keeper.h"
#include "lib/net/wait.h"

namespace postern::master {

namespace {

// More than this no child has left unsaid, whatever its page says.
constexpr std::uint64_t kMostUnsaid = 1'000'000'000;
// How often we look whether processes still do their work.
constexpr Duration kLook = seconds(1);
std::vector<Service> services_of(const std::vector<std::unique_ptr<Entry>>& entries) {
  std::vector<Service> services;
  for (const auto& entry : entries) services.push_back(entry->service());
  return services;
}

// What is wrong with a value was said when the configuration was read.
Patience patience_of(const Configuration& configuration) {
  config::ProcessParams process;
  const auto loaded = process.load(configuration.settings);
  return {*configuration.params.service_start_limit,
          loaded ? Duration(*process.daemon_timeout) : Duration::max()};
}

// Of a service whose sessions can be resumed for longer, tickets are good for no longer than this.
seconds ticket_lifetime(const Configuration& configuration) {
  config::SmtpdTlsParams tls;
  const auto loaded = tls.load(configuration.settings);
  return std::max(loaded ? seconds(*tls.session_cache_timeout) : seconds(3600), seconds(60));
}

}  // namespace

Supervisor::Supervisor(net::Loop& loop, std::string configuration_directory, daemon::Scoreboard scoreboard)
    : loop_(loop),
      directory_(std::move(configuration_directory)),
      scoreboard_(std::move(scoreboard)),
      child_ended_(loop),
      child_changed_(loop),
      tasks_(loop) {}

Result<void> Supervisor::start(std::unique_ptr<Configuration> configuration, Fd log, bool log_is_syslog) {
  auto adopted = Strays::adopt_orphans();
  if (adopted) adopted = make_tickets(Fd());
  if (!adopted) return adopted;
  set_log(std::move(log), log_is_syslog);
  auto prepared = prepare(std::move(configuration), Renew::changed);
  bind_patience_ = Duration(0);
  if (!prepared) return fail(prepared.error());
  change_to(std::move(*prepared));
  tasks_.spawn(look_after_all());
  return {};
}

void Supervisor::take_over(std::unique_ptr<Configuration> configuration, Handover handed, Fd log) {
  set_log(std::move(log), handed.log_is_syslog);
  if (auto made = make_tickets(Fd(handed.tickets)); !made) log_warning(made.error().text);
  configuration_ = std::move(configuration);
  patience_ = patience_of(*configuration_);
  generation_ = handed.generation;
  Starter& self = *this;
  for (HandedService& service : handed.services) {
    Entries& entries = service.is_retired ? retired_ : entries_;
    entries.push_back(std::make_unique<Entry>(loop_, self, std::move(service)));
  }
  strays_.resume(known());
  if (auto adopted = Strays::adopt_orphans(); !adopted) log_warning(adopted.error().text);
  tasks_.spawn(look_after_all());
}

Result<void> Supervisor::make_tickets(Fd from_before) {
  auto ring = Result<daemon::TicketRing>(fail(Errc::not_found, "none"));
  if (from_before) ring = daemon::TicketRing::resume(std::move(from_before));
  if (!ring) ring = daemon::TicketRing::create();
  if (!ring) return fail(ring.error());
  auto reader = ring->to_read();
  if (!reader) return fail(reader.error());
  tickets_ = std::move(*ring);
  tickets_to_read_ = std::move(*reader);
  return {};
}

Result<void> Supervisor::hand_over(Handover& to) const {
  if (stopping_) return fail(Errc::shutting_down, "the mail system is stopping");
  to.directory = directory_;
  to.generation = generation_;
  to.scoreboard = scoreboard_.fd();
  to.tickets = tickets_ ? tickets_->fd() : -1;
  to.log = log_.get();
  to.log_is_syslog = log_is_syslog_;
  for (const auto* entries : {&entries_, &retired_}) {
    for (const auto& entry : *entries) to.services.push_back(entry->hand_over());
  }
  return {};
}

void Supervisor::set_log(Fd log, bool is_syslog) {
  log_ = std::move(log);
  log_is_syslog_ = is_syslog;
}

Result<Prepared> Supervisor::prepare(std::unique_ptr<Configuration> configuration, Renew renew) const {
  if (stopping_) return fail(Errc::shutting_down, "the mail system is stopping");
  Prepared next;
  next.steps = plan_reload(services_of(entries_), configuration->services, renew);
  for (const Step& step : next.steps) {
    if (step.change != Change::add) {
      next.opened.emplace_back();
      continue;
    }
    const Service& service = configuration->services[step.after];
    auto listeners = open_all(*configuration, service, removed_by(next.steps));
    if (!listeners) {
      return fail(listeners.error().kind,
                  concat(directory_, "/master.cf, line ", service.line, ": ", listeners.error().text));
    }
    next.opened.push_back(std::move(*listeners));
  }
  next.configuration = std::move(configuration);
  return next;
}

void Supervisor::change_to(Prepared next) {
  configuration_ = std::move(next.configuration);
  ++generation_;
  apply(next);
}

void Supervisor::apply(Prepared& next) {
  patience_ = patience_of(*configuration_);
  ticket_lifetime_ = ticket_lifetime(*configuration_);
  Starter& self = *this;
  Entries before = std::move(entries_);
  entries_.clear();
  for (std::size_t i = 0; i < next.steps.size(); ++i) {
    const Step& step = next.steps[i];
    if (step.change == Change::remove) {
      retired_.push_back(std::move(before[step.before]));
      continue;
    }
    Service& service = configuration_->services[step.after];
    if (step.change == Change::add) {
      entries_.push_back(std::make_unique<Entry>(loop_, self, service, next.opened[i].take()));
      continue;
    }
    entries_.push_back(std::move(before[step.before]));
    if (step.change == Change::keep) entries_.back()->keep(service);
    if (step.change == Change::renew) entries_.back()->renew(service);
    if (step.change == Change::adjust) entries_.back()->adjust(service);
  }
  retire_removed();
  show_not_started();
}

void Supervisor::show_not_started() {
  for (const std::uint32_t row : rows_of_others_) scoreboard_.free_row(row);
  rows_of_others_.clear();
  for (const NotStarted& other : configuration_->not_started) {
    const auto row = scoreboard_.take_row();
    if (!row) return;
    daemon::ServiceReport report;
    report.name = other.name;
    report.type = other.type;
    report.program = other.program;
    report.line = static_cast<std::int64_t>(other.line);
    report.state = daemon::name_of(other.state);
    report.why = other.why;
    scoreboard_.write_row(*row, report);
    rows_of_others_.push_back(*row);
  }
}

void Supervisor::retire_removed() {
  std::vector<std::string> kept;
  for (const auto& entry : entries_) {
    for (const Listener& listener : entry->listeners()) {
      kept.push_back(listener.key);
      if (!listener.path.empty()) kept.push_back(listener.path);
    }
  }
  for (const auto& entry : retired_) entry->retire(kept);
  forget_retired();
}

void Supervisor::forget_retired() {
  std::erase_if(retired_, [](const auto& entry) { return entry->children().empty(); });
}

std::string Supervisor::path_of(const Service& service) const {
  return concat(*configuration_->common.daemon_directory, "/", service.program);
}

net::Task<void> Supervisor::look_after_all() {
  for (;;) {
    co_await net::sleep_until(loop_, loop_.in(kLook));
    if (tickets_ && ticket_lifetime_.count() > 0) tickets_->renew(ticket_lifetime_);
    for (const auto* entries : {&entries_, &retired_}) {
      for (const auto& entry : *entries) entry->look_after(patience_);
    }
  }
}

void Supervisor::reap() {
  int status = 0;
  while (const pid_t pid = Strays::next_ended()) {
    strays_.ended(pid);
    if (::waitpid(pid, &status, 0) != pid) continue;
    ended(pid, status);
  }
  if (strays_.are_possible()) end_strays(Whose::ended_programs);
  forget_retired();
  child_ended_.notify();
  child_changed();
}

void Supervisor::child_changed() {
  // A program that is not ours need not know the scoreboard to be seen on it.
  if (strays_.are_possible()) {
    for (const Child* child : children()) {
      if (strays_.is_launched(child->pid())) scoreboard_.page(child->slot()).state = child->state();
    }
  }
  child_changed_.notify();
}

std::vector<pid_t> Supervisor::known() const {
  std::vector<pid_t> pids;
  for (const Child* child : children()) pids.push_back(child->pid());
  return pids;
}

void Supervisor::ended(pid_t pid, int status) {
  for (const auto* entries : {&entries_, &retired_}) {
    for (const auto& entry : *entries) {
      const auto slot = entry->ended(pid, status);
      if (!slot) continue;
      log::add_lost(std::min<std::uint64_t>(scoreboard_.value_of(*slot, daemon::kLogUnsaid), kMostUnsaid));
      scoreboard_.free_slot(*slot);
      return;
    }
  }
}

std::vector<Child*> Supervisor::children(Children which) const {
  std::vector<Child*> found;
  for (const auto* entries : {&entries_, &retired_}) {
    for (const auto& entry : *entries) {
      if (which != Children::all && entry->service().type != Type::inet) continue;
      for (const auto& child : entry->children()) found.push_back(child.get());
    }
  }
  return found;
}

bool Supervisor::is_settled() const {
  const auto all = children();
  return std::none_of(all.begin(), all.end(), [](const Child* child) { return child->may_still_accept(); });
}

net::Task<void> Supervisor::settle(Deadline limit) {
  while (!is_settled()) {
    const bool changed = co_await child_changed_.wait(limit);
    if (!changed) co_return;
  }
}

}  // namespace postern::master
