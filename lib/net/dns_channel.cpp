#include "lib/net/dns_channel.h"

#include <ares.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/text.h"

namespace postern::net {

namespace {

// What a well-behaved server may put into a datagram without its being cut to pieces on the way.
constexpr int kDatagram = 1232;
// For the replies of a moment in which many questions were asked.
constexpr int kReceiveBuffer = 4 << 20;
// Questions by calls in one round of what was posted, of which the loop makes up to eight before it reads. Many more answers
// would not fit into the buffer of a socket, ours or the server's, and those that are lost come seconds later.
constexpr std::size_t kBurst = 50;
// Between looks for questions that must be repeated, each of which goes over all that are under way.
constexpr milliseconds kBetweenLooks{10};
// More than this wait for an id of their own.
constexpr std::size_t kMostQueries = 4096;
constexpr std::size_t kMostUnderWay = 30'000;  // of calls

Result<void> check(int status, std::string_view what) {
  if (status == ARES_SUCCESS) return {};
  return fail(Errc::io, concat(what, ": ", ares_strerror(status)));
}

DnsReply no_reply(DnsStatus status, const std::string& name) {
  DnsReply reply;
  reply.status = status;
  reply.name = name;
  return reply;
}

bool may_be_asked(std::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
}

ares_addr_port_node node_of(const Endpoint& server) {
  ares_addr_port_node node{};
  node.family = server.storage.ss_family;
  node.udp_port = node.tcp_port = static_cast<int>(server.port());
  if (node.family == AF_INET) {
    node.addr.addr4 = reinterpret_cast<const sockaddr_in&>(server.storage).sin_addr;
  } else {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(server.storage).sin6_addr;
    static_assert(sizeof node.addr.addr6 == sizeof address);
    std::memcpy(&node.addr.addr6, &address, sizeof address);
  }
  return node;
}

}  // namespace

Result<Endpoint> dns_server(std::string_view server) {
  std::string_view host = server, port = "53";
  const auto bad = [&] { return fail(Errc::invalid, concat("not a DNS server's address: ", server)); };
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return bad();
    if (const auto rest = host.substr(end + 1); !rest.empty()) port = rest.substr(rest[0] == ':');
    host = host.substr(1, end - 1);
  } else if (std::count(host.begin(), host.end(), ':') == 1) {
    port = host.substr(host.find(':') + 1);
    host = host.substr(0, host.find(':'));
  }
  const auto number = parse_number(port);
  if (!number || *number < 1 || *number > 65535) return bad();
  auto endpoint = Endpoint::parse(host, static_cast<unsigned>(*number));
  return endpoint ? endpoint : bad();
}

struct DnsChannel::Query {
  Query(DnsChannel& of, std::string n, DnsType t, std::string k)
      : channel(&of), name(std::move(n)), type(t), key(std::move(k)), arrived(of.loop_) {}
  DnsChannel* channel;
  std::string name;
  DnsType type;
  std::string key;
  unsigned short id = 0;
  bool done = false;
  DnsReply reply;
  Event arrived;
};

struct DnsChannel::Socket {
  Socket(DnsChannel& c, int f) : channel(c), fd(f) {}
  ~Socket() {
    if (wanted != 0) event_del(&ready);
  }
  static void came(int fd, short what, void* self) {
    DnsChannel& channel = static_cast<Socket*>(self)->channel;
    channel.loop_.count_activity();
    ares_process_fd(channel.channel_, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
                    (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
  }
  DnsChannel& channel;
  int fd;
  short wanted = 0;
  event ready{};
};

DnsChannel::DnsChannel(Loop& loop) : Timer(loop), loop_(loop), room_(loop) {}

Result<std::unique_ptr<DnsChannel>> DnsChannel::make(Loop& loop, const Dns::Options& options) {
  std::unique_ptr<DnsChannel> made(new DnsChannel(loop));
  auto opened = made->open(options);
  if (!opened) return fail(opened.error());
  return made;
}

Result<void> DnsChannel::open(const Dns::Options& options) {
  auto started = check(ares_library_init(ARES_LIB_INIT_ALL), "start the DNS library");
  if (!started) return started;
  ares_options wanted{};
  wanted.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  wanted.ednspsz = kDatagram;
  patience_ = std::clamp(options.timeout, milliseconds(1), milliseconds(600'000));
  wanted.timeout = static_cast<int>(patience_.count());
  wanted.socket_receive_buffer_size = kReceiveBuffer;
  wanted.tries = std::clamp(options.tries, 1, 100);
  wanted.sock_state_cb = &DnsChannel::socket_changed;
  wanted.sock_state_cb_data = this;
  auto made = check(ares_init_options(&channel_, &wanted,
                                      ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
                                          ARES_OPT_TRIES | ARES_OPT_SOCK_RCVBUF | ARES_OPT_SOCK_STATE_CB),
                    "read the configuration of DNS");
  if (!made) return made;
  keep_search_domains();
  return options.servers.empty() ? Result<void>() : set_servers(options.servers);
}

Result<void> DnsChannel::set_servers(const std::vector<std::string>& servers) {
  std::vector<ares_addr_port_node> nodes;
  for (const auto& server : servers) {
    auto endpoint = dns_server(server);
    if (!endpoint) return fail(endpoint.error());
    nodes.push_back(node_of(*endpoint));
  }
  for (std::size_t i = 1; i < nodes.size(); ++i) nodes[i - 1].next = &nodes[i];
  return check(ares_set_servers_ports(channel_, nodes.data()), "set the DNS servers");
}

void DnsChannel::keep_search_domains() {
  ares_options in_force{};
  int mask = 0;
  if (ares_save_options(channel_, &in_force, &mask) != ARES_SUCCESS) return;
  dots_ = in_force.ndots;
  for (int i = 0; i < in_force.ndomains; ++i) domains_.emplace_back(in_force.domains[i]);
  ares_destroy_options(&in_force);
}

DnsChannel::~DnsChannel() {
  // Calls back all queries that are under way.
  if (channel_ != nullptr) ares_destroy(channel_);
  ares_library_cleanup();
}

void DnsChannel::socket_changed(void* self, int fd, int readable, int writable) {
  static_cast<DnsChannel*>(self)->watch(fd, readable != 0, writable != 0);
}

void DnsChannel::watch(int fd, bool readable, bool writable) {
  const short wanted = static_cast<short>((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
  if (wanted == 0) {
    sockets_.erase(fd);
    return;
  }
  auto& socket = sockets_[fd];
  if (!socket) socket = std::make_unique<Socket>(*this, fd);
  if (socket->wanted == wanted) return;
  if (socket->wanted != 0) event_del(&socket->ready);
  socket->wanted = wanted;
  event_assign(&socket->ready, loop_.base(), fd, static_cast<short>(wanted | EV_PERSIST), &Socket::came,
               socket.get());
  event_add(&socket->ready, nullptr);
}

void DnsChannel::schedule(Deadline latest) {
  if (alarm_ <= latest) return;
  alarm_ = latest;
  arm(latest);
}

void DnsChannel::rest_if_idle() {
  if (!queries_.empty() || calls_ != 0) return;
  alarm_ = Deadline::max();
  disarm();
}

// The library knows when it wants to repeat a question, but it looks at all of them to say so: it is asked here alone, since
// a new question is repeated after patience_ at the earliest.
void DnsChannel::time_came() {
  alarm_ = Deadline::max();
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return;
  // A little later than it says: a moment too early, and it would ask for no time at all.
  const Duration time = seconds(left.tv_sec) + microseconds(left.tv_usec) + milliseconds(1);
  schedule(loop_.in(std::max<Duration>(time, kBetweenLooks)));
}

unsigned short DnsChannel::fresh_id() {
  for (;;) {
    if (chances_left_ == 0) {
      const auto got = ::getrandom(chances_.data(), sizeof chances_, 0);
      chances_left_ = got == sizeof chances_ ? chances_.size() : 0;
      continue;
    }
    const unsigned short id = chances_[--chances_left_];
    if (!ids_.test(id)) return id;
  }
}

// False when the name cannot be asked for: then nobody is called.
bool DnsChannel::submit(const std::string& name, DnsType type, unsigned short id, Answered* then,
                        void* argument) {
  constexpr int kInternet = 1, kRecursive = 1;
  unsigned char* packet = nullptr;
  int length = 0;
  const int edns = then == &call_answered ? 0 : kDatagram;  // the answers to calls are small
  const int made = ares_create_query(name.c_str(), kInternet, static_cast<int>(type), id, kRecursive, &packet,
                                     &length, edns);
  if (made != ARES_SUCCESS) return false;
  packet[3] |= 0x20;  // AD: we should like to know whether the answer was validated (RFC 6840 5.7)
  ids_.set(id);
  submitting_ = true;
  ares_send(channel_, packet, length, then, argument);
  submitting_ = false;
  ares_free_string(packet);
  schedule(loop_.in(patience_ + milliseconds(1)));
  return true;
}

void DnsChannel::send(const std::shared_ptr<Query>& query) {
  query->id = fresh_id();
  const auto place = queries_.emplace(query->key, query).first;
  if (submit(query->name, query->type, query->id, &DnsChannel::answered, query.get())) return;
  queries_.erase(place);
  query->done = true;
  query->reply = no_reply(DnsStatus::no_domain, query->name);
}

void DnsChannel::answered(void* argument, int status, int, unsigned char* packet, int length) {
  DnsChannel& channel = *static_cast<Query*>(argument)->channel;
  const auto place = channel.queries_.find(static_cast<Query*>(argument)->key);
  const std::shared_ptr<Query> query = std::move(place->second);
  channel.queries_.erase(place);
  channel.ids_.reset(query->id);
  if (status == ARES_SUCCESS && packet != nullptr && length > 0) {
    const std::string_view bytes(reinterpret_cast<const char*>(packet), static_cast<std::size_t>(length));
    query->reply = read_dns_reply(bytes, query->name, query->type);
  } else {
    query->reply = no_reply(DnsStatus::try_again, query->name);
  }
  query->done = true;
  query->arrived.notify();
  channel.room_.notify();
  channel.rest_if_idle();
}

bool DnsChannel::call(std::unique_ptr<DnsCall>& call) {
  if (calls_ + next_turn_.waiting.size() >= Dns::kMostCalls) return false;
  call->channel_ = this;
  if (next_turn_.waiting.empty() && next_turn_.may_start()) {
    start(std::move(call));
  } else {
    next_turn_.waiting.push_back(std::move(call));
  }
  if (!next_turn_.is_posted()) loop_.post(next_turn_);
  return true;
}

void DnsChannel::start(std::unique_ptr<DnsCall> call) {
  ++calls_;
  ++next_turn_.started;
  call->id_ = fresh_id();
  const std::string name = call->name();
  DnsCall* asking = call.release();
  if (may_be_asked(name) && submit(name, DnsType::a, asking->id_, &DnsChannel::call_answered, asking)) return;
  --calls_;
  fail_later(std::unique_ptr<DnsCall>(asking), DnsStatus::no_domain);
}

void DnsChannel::fail_later(std::unique_ptr<DnsCall> call, DnsStatus status) {
  next_turn_.failed.emplace_back(std::move(call), status);
  if (!next_turn_.is_posted()) loop_.post(next_turn_);
}

bool DnsChannel::NextTurn::may_start() const { return started < kBurst && channel.calls_ < kMostUnderWay; }

void DnsChannel::NextTurn::turn_came() {
  started = 0;
  while (!waiting.empty() && may_start()) {
    auto call = std::move(waiting.front());
    waiting.pop_front();
    channel.start(std::move(call));
  }
  if (started > 0 && !is_posted()) channel.loop_.post(*this);
  for (auto& [call, status] : std::exchange(failed, {})) {
    DnsAddresses answer;
    answer.status = status;
    call->answered(answer);
  }
}

void DnsChannel::call_answered(void* argument, int status, int, unsigned char* packet, int length) {
  std::unique_ptr<DnsCall> call(static_cast<DnsCall*>(argument));
  DnsChannel& channel = *call->channel_;
  channel.ids_.reset(call->id_);
  --channel.calls_;
  channel.rest_if_idle();
  if (!channel.next_turn_.waiting.empty() && !channel.next_turn_.is_posted())
    channel.loop_.post(channel.next_turn_);
  if (status == ARES_EDESTRUCTION) return;
  if (channel.submitting_) return channel.fail_later(std::move(call), DnsStatus::try_again);
  DnsAddresses answer;
  if (status == ARES_SUCCESS && packet != nullptr && length > 0) {
    answer = read_dns_addresses({reinterpret_cast<const char*>(packet), static_cast<std::size_t>(length)});
  }
  call->answered(answer);
}

Task<DnsReply> DnsChannel::ask(std::string name, DnsType type, Deadline deadline) {
  if (!may_be_asked(name)) co_return no_reply(DnsStatus::no_domain, name);
  std::string key = concat(static_cast<unsigned>(type), ' ', lower(name));
  while (queries_.size() >= kMostQueries && !queries_.contains(key)) {
    const bool room = co_await room_.wait(deadline);
    if (!room) co_return no_reply(DnsStatus::try_again, name);
  }
  std::shared_ptr<Query> query;
  if (const auto under_way = queries_.find(key); under_way != queries_.end()) {
    query = under_way->second;
  } else {
    query = std::make_shared<Query>(*this, name, type, key);
    send(query);
  }
  while (!query->done) {
    const bool arrived = co_await query->arrived.wait(deadline);
    if (!arrived) co_return no_reply(DnsStatus::try_again, name);
  }
  co_return query->reply;
}

}  // namespace postern::net
