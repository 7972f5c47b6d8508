// DNS, asynchronously (c-ares): what a mail system asks of it. An answer says which of five things happened, since
// mail treats each in its own way (RFC 5321 5.1, RFC 7505, RFC 7672). Names are given and returned without a final dot.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/net/loop.h"
#include "lib/net/socket.h"
#include "lib/net/task.h"

namespace postern::net {

enum class DnsStatus {
  found,
  no_data,    // the name exists, but has no such record
  no_domain,  // NXDOMAIN: the name does not exist; also a name that none can be
  invalid,    // there are records, but none that names a host
  try_again,  // SERVFAIL, REFUSED, no answer in time, or one that makes no sense
};

template <class Record>
struct DnsAnswer {
  DnsStatus status = DnsStatus::try_again;
  std::vector<Record> records;  // empty unless found
  std::string name;             // the name behind any CNAMEs
  bool secure = false;          // the server says that it validated the answer (AD)
  // Seconds: the least of the records; when there are none, how long that may be kept (RFC 2308 5). 0: unknown.
  std::uint32_t ttl = 0;
};

struct MxRecord {
  unsigned preference = 0;
  std::string host;  // empty: "." (a null MX, RFC 7505)
};

struct TlsaRecord {
  unsigned usage = 0, selector = 0, matching = 0;
  std::string data;  // bytes
};

enum class Family { ipv4, ipv6 };

// The IPv4 addresses of a name, for who has thousands of questions under way and can do without a coroutine for each.
struct DnsAddresses {
  DnsStatus status = DnsStatus::try_again;
  std::vector<std::array<unsigned char, 4>> addresses;  // empty unless found
  std::optional<std::uint32_t> ttl;                     // as DnsAnswer has it
};

// Such a question. DNS owns it from Dns::call() on, and destroys it after it was answered, or unanswered with itself.
class DnsCall {
 public:
  DnsCall() = default;
  virtual ~DnsCall() = default;
  DnsCall(const DnsCall&) = delete;
  DnsCall& operator=(const DnsCall&) = delete;

 protected:
  // What is asked for, until it is answered: as it is, without the table of hosts and search domains.
  virtual std::string name() const = 0;
  // Once, from an event of the loop, never from inside Dns::call().
  virtual void answered(const DnsAddresses& answer) = 0;

 private:
  friend class DnsChannel;
  class DnsChannel* channel_ = nullptr;
  unsigned short id_ = 0;
};

// The address of a DNS server: "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53". Fails with invalid.
Result<Endpoint> dns_server(std::string_view server);

class Dns {
 public:
  struct Options {
    std::vector<std::string>
        servers;             // "192.0.2.1", "127.0.0.1:5353", "[::1]:53"; none: those of /etc/resolv.conf
    bool search = false;     // try names below the search domains too (smtp_dns_resolver_options, res_search)
    bool hosts_file = true;  // addresses() and names() look into /etc/hosts first, as of the time of make()
    milliseconds timeout{5000};  // of the first try; each further round waits twice as long
    int tries = 2;               // of each server
  };
  // Before the jail: reads resolv.conf and hosts. Fails with invalid (a server's address) or io.
  static Result<std::unique_ptr<Dns>> make(Loop& loop, const Options& options);
  ~Dns();
  Dns(const Dns&) = delete;
  Dns& operator=(const Dns&) = delete;

  // Each may be asked many times side by side; equal questions under way share one query. try_again when the deadline
  // passes. Arguments are taken by value: a task may be spawned.
  Task<DnsAnswer<MxRecord>> mx(std::string name, Deadline deadline);
  // Addresses without a port; an address in numbers is its own answer.
  Task<DnsAnswer<Endpoint>> addresses(std::string name, Family family, Deadline deadline);
  // Host names of an address.
  Task<DnsAnswer<std::string>> names(Endpoint address, Deadline deadline);
  Task<DnsAnswer<std::string>> txt(std::string name, Deadline deadline);
  Task<DnsAnswer<TlsaRecord>> tlsa(std::string name, Deadline deadline);  // "_25._tcp.mx.example"
  // Asks for the IPv4 addresses of a name, one question a call. Takes the call; false, and it stays with the caller, when
  // kMostCalls are under way.
  bool call(std::unique_ptr<DnsCall>& call);
  static constexpr std::size_t kMostCalls = 100'000;

 private:
  struct State;
  explicit Dns(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A domain name as DNS has it: internationalised labels become their ASCII form (RFC 5890). Fails with invalid: empty or
// over-long labels, a name over 253 bytes, characters that no host name has.
Result<std::string> ascii_domain(std::string_view name);

}  // namespace postern::net
