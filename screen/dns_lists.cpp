#include "screen/dns_lists.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/params/dns_params.h"

namespace postern::screen {

namespace {

// What clients see where the reply map cannot be asked in time: a list's own name may have a password in it.
constexpr std::string_view kUnnamed = "a DNS list";

// The first repetition of a question and the one after it fall into the time that we wait, and DNS gives up a little later.
milliseconds first_patience(seconds timeout) {
  constexpr milliseconds kLeast{1000}, kMost{5000};
  return std::clamp(milliseconds(timeout) * 34 / 100, kLeast, kMost);
}

Result<std::unique_ptr<net::Dns>> open_dns(net::Loop& loop, const config::Settings& settings,
                                           seconds timeout) {
  config::DnsParams params;
  auto loaded = params.load(settings);
  if (!loaded) return fail(loaded.error());
  net::Dns::Options options;
  for (const auto word : split_words(*params.servers)) options.servers.emplace_back(word);
  options.hosts_file = false;
  options.timeout = first_patience(timeout);
  return net::Dns::make(loop, options);
}

int add(int score, int weight) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<int>(std::clamp(std::int64_t{score} + weight, -kMost, kMost));
}

}  // namespace

// A question to one list. DNS owns it; its inquiry knows it until it was answered or is too late.
struct Inquiry::Call final : net::DnsCall {
  Call(Inquiry& of, std::uint32_t which) : inquiry(&of), list(which), next(of.pending_) {
    if (next != nullptr) next->previous = this;
    of.pending_ = this;
  }
  ~Call() override { leave(); }
  void leave() {
    if (inquiry == nullptr) return;
    if (next != nullptr) next->previous = previous;
    (previous != nullptr ? previous->next : inquiry->pending_) = next;
    inquiry = nullptr;
  }
  std::string name() const override {
    return inquiry == nullptr ? std::string() : inquiry->question(inquiry->lists_->domain(list));
  }
  void answered(const net::DnsAddresses& answer) override {
    if (inquiry == nullptr) return;
    Inquiry& of = *inquiry;
    leave();
    of.lists_->take(of, list, answer);
  }

  Inquiry* inquiry;
  std::uint32_t list;
  Call* next;
  Call* previous = nullptr;
};

DnsLists::DnsLists(net::Loop& loop, const config::ScreenParams& params)
    : Timer(loop),
      loop_(loop),
      timeout_(*params.dnsbl_timeout),
      min_ttl_(*params.dnsbl_min_ttl),
      max_ttl_(*params.dnsbl_max_ttl),
      lookups_(loop) {}

Result<std::unique_ptr<DnsLists>> DnsLists::open(net::Loop& loop, const config::Settings& settings,
                                                 const config::ScreenParams& params) {
  std::unique_ptr<DnsLists> made(new DnsLists(loop, params));
  auto lists = screening::dns_lists(params.dnsbl_sites.name(), *params.dnsbl_sites);
  if (!lists) return fail(lists.error());
  made->lists_ = std::move(*lists);
  if (made->lists_.empty()) return made;
  auto dns = open_dns(loop, settings, made->timeout_);
  if (!dns) return fail(dns.error());
  made->dns_ = std::move(*dns);
  made->tallies_.resize(made->lists_.size());
  made->complaints_.resize(made->lists_.size());
  auto named = made->find_public_names(params);
  if (!named) return fail(named.error());
  return made;
}

DnsLists::~DnsLists() {
  // What somebody still holds stays as it is, and asks us nothing more.
  for (Inquiry* inquiry : known_) {
    while (inquiry->pending_ != nullptr) inquiry->pending_->leave();
    inquiry->lists_ = nullptr;
  }
  known_.clear();
  for (Inquiry* inquiry = oldest_; inquiry != nullptr;) {
    const auto held = std::move(inquiry->self_);
    inquiry = inquiry->newer_;
  }
}

Result<void> DnsLists::find_public_names(const config::ScreenParams& params) {
  for (const auto& list : lists_) public_names_.push_back(list.domain);
  if (params.dnsbl_reply_map->empty()) return {};
  auto maps = table::Maps::open(params.dnsbl_reply_map.name(), *params.dnsbl_reply_map);
  if (!maps) return fail(maps.error());
  reply_map_ = std::move(*maps);
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    public_names_[i] = kUnnamed;
    lookups_.spawn(find_public_name(i));
  }
  return {};
}

// Tables in files answer at once.
net::Task<void> DnsLists::find_public_name(std::size_t list) {
  auto found = co_await reply_map_.lookup(lists_[list].domain);
  if (!found) {
    log_warning(
        concat("postscreen_dnsbl_reply_map: ", found.error().text, "; clients see \"", kUnnamed, '"'));
    co_return;
  }
  public_names_[list] = found->value_or(lists_[list].domain);
}

std::shared_ptr<Inquiry> DnsLists::ask(const std::optional<InetAddress>& client) {
  const auto known = known_.find(client.value_or(InetAddress{}));
  if (known != known_.end()) return (*known)->shared_from_this();
  auto inquiry = std::make_shared<Inquiry>(*this, client.value_or(InetAddress{}));
  known_.insert(inquiry.get());
  if (client) begin(*inquiry);
  return inquiry;
}

void DnsLists::begin(Inquiry& inquiry) {
  for (std::uint32_t i = 0; i < lists_.size(); ++i) {
    std::unique_ptr<net::DnsCall> call = std::make_unique<Inquiry::Call>(inquiry, i);
    ++tallies_[i].asked;
    if (dns_->call(call)) continue;
    ++tallies_[i].failed;
    inquiry.ttl_ = 0;
    complain(i, {}, concat("too many DNS queries under way to ask ", lists_[i].domain));
  }
  if (inquiry.complete()) return;
  inquiry.self_ = inquiry.shared_from_this();
  inquiry.deadline_ = loop_.in(timeout_);
  inquiry.older_ = newest_;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = &inquiry;
  newest_ = &inquiry;
  ++under_way_;
  if (!is_armed()) arm(inquiry.deadline_);
}

void DnsLists::take(Inquiry& inquiry, std::uint32_t list, const net::DnsAddresses& answer) {
  const bool known = answer.status == net::DnsStatus::found || answer.status == net::DnsStatus::no_data ||
                     answer.status == net::DnsStatus::no_domain;
  if (!known) {
    report_failure(inquiry, list, answer.status);
  } else if (!answer.addresses.empty()) {
    count(inquiry, list, answer.addresses);
  }
  inquiry.ttl_ = std::min(inquiry.ttl_, known ? answer.ttl.value_or(0) : 0);
  if (inquiry.complete()) finish(inquiry);
}

void DnsLists::count(Inquiry& inquiry, std::uint32_t list, const std::vector<screening::Ipv4>& addresses) {
  const std::string client = inquiry.address_.text();
  for (const auto& [a, b, c, d] : addresses) {
    log::write_as("dnsblog", Level::info,
                  concat("addr ", client, " listed by domain ", lists_[list].domain, " as ", unsigned{a}, '.',
                         unsigned{b}, '.', unsigned{c}, '.', unsigned{d}));
  }
  bool is_listed = false;
  for (const auto& site : lists_[list].sites) {
    if (!site.matches(addresses)) continue;
    if (inquiry.blame_ == Inquiry::kNobody || site.weight > inquiry.heaviest_) {
      inquiry.blame_ = list;
      inquiry.heaviest_ = site.weight;
    }
    inquiry.score_ = add(inquiry.score_, site.weight);
    is_listed = true;
  }
  tallies_[list].listed += is_listed;
}

void DnsLists::report_failure(const Inquiry& inquiry, std::uint32_t list, net::DnsStatus status) {
  ++tallies_[list].failed;
  const std::string name = inquiry.question(lists_[list].domain);
  const std::string_view why = status == net::DnsStatus::try_again
                                   ? "Host not found, try again"
                                   : "Malformed or unexpected name server reply";
  complain(list, "dnsblog",
           concat("dnsblog_query: lookup error for DNS query ", name,
                  ": Host or domain name not found. Name service error for name=", name, " type=A: ", why));
}

// A list that is away would fill the log.
void DnsLists::complain(std::uint32_t list, std::string_view program, const std::string& text) {
  constexpr unsigned kMostInSecond = 10;
  Complaints& complaints = complaints_[list];
  if (loop_.now() >= complaints.until) {
    if (complaints.left_out > 0) {
      log_warning(concat(complaints.left_out, " more warnings about DNS queries for ", lists_[list].domain,
                         " were left out"));
    }
    complaints = Complaints{loop_.in(seconds(1)), 0, 0};
  }
  if (complaints.said == kMostInSecond) {
    ++complaints.left_out;
    return;
  }
  ++complaints.said;
  if (program.empty()) return log_warning(text);
  log::write_as(program, Level::warning, text);
}

void DnsLists::finish(Inquiry& inquiry) {
  const auto held = std::move(inquiry.self_);
  (inquiry.older_ != nullptr ? inquiry.older_->newer_ : oldest_) = inquiry.newer_;
  (inquiry.newer_ != nullptr ? inquiry.newer_->older_ : newest_) = inquiry.older_;
  inquiry.older_ = inquiry.newer_ = nullptr;
  --under_way_;
  if (oldest_ == nullptr) disarm();
  inquiry.tell_waiters();
}

// All wait equally long, so that one timer for the oldest is enough.
void DnsLists::time_came() {
  while (oldest_ != nullptr && oldest_->deadline_ <= loop_.now()) give_up(*oldest_);
  if (oldest_ != nullptr) arm(oldest_->deadline_);
}

void DnsLists::give_up(Inquiry& inquiry) {
  while (inquiry.pending_ != nullptr) {
    const std::uint32_t list = inquiry.pending_->list;
    inquiry.pending_->leave();
    ++tallies_[list].late;
    complain(list, {}, concat("dnsblog reply timeout ", timeout_.count(), "s for ", lists_[list].domain));
  }
  finish(inquiry);
}

}  // namespace postern::screen
