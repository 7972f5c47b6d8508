#include "lib/net/dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "lib/net/dns_channel.h"
#include "lib/net/dns_hosts.h"

namespace postern::net {

namespace {

constexpr std::uint32_t kHostsTtl = 60;  // of what the hosts file says

template <class Record, class Convert>
DnsAnswer<Record> convert(DnsReply reply, Convert record_of) {
  DnsAnswer<Record> answer;
  answer.status = reply.status;
  answer.name = std::move(reply.name);
  answer.secure = reply.secure;
  answer.ttl = reply.ttl.value_or(0);
  for (auto& record : reply.records) answer.records.push_back(record_of(record));
  return answer;
}

template <class Record>
DnsAnswer<Record> known(std::vector<Record> records, std::string name) {
  DnsAnswer<Record> answer;
  answer.status = DnsStatus::found;
  answer.records = std::move(records);
  answer.name = std::move(name);
  answer.ttl = kHostsTtl;
  return answer;
}

MxRecord mx_of(DnsRecord& record) {
  MxRecord mx;
  mx.preference = record.numbers[0];
  mx.host = std::move(record.text);
  return mx;
}

TlsaRecord tlsa_of(DnsRecord& record) {
  TlsaRecord tlsa;
  tlsa.usage = record.numbers[0];
  tlsa.selector = record.numbers[1];
  tlsa.matching = record.numbers[2];
  tlsa.data = std::move(record.text);
  return tlsa;
}

Endpoint endpoint_of(const DnsRecord& record) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(record.text.size() == 4 ? AF_INET : AF_INET6, record.text.data(), text, sizeof text);
  return Endpoint::parse(text, 0).value_or(Endpoint());
}

std::string bytes_of(const Endpoint& address) {
  char bytes[16];
  const std::string text = address.address();  // an IPv4-mapped one as IPv4
  if (::inet_pton(AF_INET, text.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (::inet_pton(AF_INET6, text.c_str(), bytes) == 1) return std::string(bytes, 16);
  return {};
}

}  // namespace

struct Dns::State {
  std::unique_ptr<DnsChannel> channel;
  HostsTable hosts;
  bool search = false;

  // The names to ask for, in this order (as res_search has it).
  std::vector<std::string> candidates(std::string name) const {
    const bool rooted = name.ends_with('.');
    if (rooted) name.pop_back();
    if (!search || rooted) return {name};
    std::vector<std::string> all;
    for (const auto& domain : channel->search_domains()) all.push_back(name + '.' + domain);
    const bool is_long = std::count(name.begin(), name.end(), '.') >= channel->dots();
    all.insert(is_long ? all.begin() : all.end(), name);
    return all;
  }
  Task<DnsReply> lookup(std::string name, DnsType type, Deadline deadline);
};

Task<DnsReply> Dns::State::lookup(std::string name, DnsType type, Deadline deadline) {
  DnsReply best;
  best.status = DnsStatus::no_domain;
  const auto names = candidates(std::move(name));
  for (const auto& candidate : names) {
    auto reply = co_await channel->ask(candidate, type, deadline);
    const bool is_last_word = reply.status != DnsStatus::no_domain && reply.status != DnsStatus::no_data;
    if (is_last_word) co_return reply;
    if (best.status == DnsStatus::no_domain) best = std::move(reply);
  }
  co_return best;
}

Dns::Dns(std::unique_ptr<State> state) : state_(std::move(state)) {}
Dns::~Dns() = default;

Result<std::unique_ptr<Dns>> Dns::make(Loop& loop, const Options& options) {
  auto state = std::make_unique<State>();
  auto channel = DnsChannel::make(loop, options);
  if (!channel) return fail(channel.error());
  state->channel = std::move(*channel);
  state->search = options.search;
  if (options.hosts_file) {
    auto hosts = HostsTable::read("/etc/hosts");
    if (!hosts) return fail(hosts.error());
    state->hosts = std::move(*hosts);
  }
  return std::unique_ptr<Dns>(new Dns(std::move(state)));
}

bool Dns::call(std::unique_ptr<DnsCall>& call) { return state_->channel->call(call); }

Task<DnsAnswer<MxRecord>> Dns::mx(std::string name, Deadline deadline) {
  auto reply = co_await state_->lookup(std::move(name), DnsType::mx, deadline);
  co_return convert<MxRecord>(std::move(reply), mx_of);
}

Task<DnsAnswer<Endpoint>> Dns::addresses(std::string name, Family family, Deadline deadline) {
  const int number = family == Family::ipv4 ? AF_INET : AF_INET6;
  if (const auto self = Endpoint::parse(name, 0)) {
    DnsAnswer<Endpoint> none;
    none.status = DnsStatus::no_data;
    none.name = name;
    if (self->storage.ss_family != number) co_return none;
    co_return known<Endpoint>({*self}, name);
  }
  if (auto there = state_->hosts.addresses(name, number); !there.empty()) {
    co_return known(std::move(there), name);
  }
  const auto type = family == Family::ipv4 ? DnsType::a : DnsType::aaaa;
  auto reply = co_await state_->lookup(std::move(name), type, deadline);
  co_return convert<Endpoint>(std::move(reply), endpoint_of);
}

Task<DnsAnswer<std::string>> Dns::names(Endpoint address, Deadline deadline) {
  const std::string bytes = bytes_of(address);
  const std::string name = reverse_name(bytes);
  if (bytes.empty()) co_return DnsAnswer<std::string>();
  if (auto there = state_->hosts.names(address); !there.empty()) co_return known(std::move(there), name);
  auto reply = co_await state_->channel->ask(name, DnsType::ptr, deadline);
  co_return convert<std::string>(std::move(reply), [](DnsRecord& record) { return std::move(record.text); });
}

Task<DnsAnswer<std::string>> Dns::txt(std::string name, Deadline deadline) {
  auto reply = co_await state_->lookup(std::move(name), DnsType::txt, deadline);
  co_return convert<std::string>(std::move(reply), [](DnsRecord& record) { return std::move(record.text); });
}

Task<DnsAnswer<TlsaRecord>> Dns::tlsa(std::string name, Deadline deadline) {
  auto reply = co_await state_->lookup(std::move(name), DnsType::tlsa, deadline);
  co_return convert<TlsaRecord>(std::move(reply), tlsa_of);
}

}  // namespace postern::net
