// What DNS lists cost: asks three lists (or N) about many addresses through DnsLists, against a server of its own that answers
// at once, and prints questions a second of CPU and the memory of an inquiry. With DEAD the first lists, that many, do not answer.
//
//   bench_dns_lists [ADDRESSES [LISTS [ADDRESSES AT A TIME [DEAD]]]]       20000 3 5000 0
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/config/main_cf.h"
#include "screen/dns_lists.h"

using namespace postern;
using namespace postern::screen;

namespace {

double cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

long resident() {
  long all = 0, there = 0;
  std::ifstream("/proc/self/statm") >> all >> there;
  return there * ::sysconf(_SC_PAGESIZE);
}

// Answers every eighth question with 127.0.0.2 and the others with NXDOMAIN, as fast as it can.
[[noreturn]] void serve(int fd, int dead) {
  constexpr std::string_view kAnswer("\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x7f\0\0\2", 16);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (unsigned n = 0;; ++n) {
    char packet[600];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    auto size = ::recvfrom(fd, packet, 512, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 12) continue;
    const std::string_view name(packet + 12, static_cast<std::size_t>(size) - 12);
    const auto digit = name.find("\5list") + 5;
    if (digit < name.size() && name[digit] - '0' < dead) continue;
    const bool listed = n % 8 == 0;
    packet[2] = static_cast<char>(0x81);
    packet[3] = static_cast<char>(listed ? 0x80 : 0x83);
    packet[7] = listed ? 1 : 0;
    if (listed) size += static_cast<ssize_t>(kAnswer.copy(packet + size, kAnswer.size()));
    ::sendto(fd, packet, static_cast<std::size_t>(size), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
}

// The port of a server in a process of its own.
unsigned start_server(int dead) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int room = 64 << 20;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  if (::fork() == 0) serve(fd, dead);
  ::close(fd);
  return ntohs(address.sin_port);
}

long argument(int argc, char** argv, int which, long standard) {
  return argc > which ? std::atol(argv[which]) : standard;
}

}  // namespace

int main(int argc, char** argv) {
  const auto addresses = static_cast<std::size_t>(argument(argc, argv, 1, 20'000));
  const long lists = argument(argc, argv, 2, 3);
  const auto at_a_time = static_cast<std::size_t>(argument(argc, argv, 3, 5'000));
  std::string text =
      concat("dns_servers = 127.0.0.1:", start_server(static_cast<int>(argument(argc, argv, 4, 0))),
             "\npostscreen_dnsbl_sites =");
  for (long i = 0; i < lists; ++i) text += concat(" list", i, ".example*", i + 1);
  const config::Settings settings(*config::MainCf::parse(text));
  config::ScreenParams params;
  net::Loop loop;
  if (!params.load(settings)) return 1;
  log::open({"postfix/postscreen", "mx", log::Target::descriptor, open_file("/dev/null", O_WRONLY).value()});
  auto opened = DnsLists::open(loop, settings, params);
  if (!opened) return 1;
  DnsLists& asker = **opened;
  asker.ask(InetAddress::parse("127.0.0.1"));  // the socket
  while (asker.under_way() > 0) loop.turn(net::Loop::Wait::yes);

  std::vector<std::shared_ptr<Inquiry>> held;
  held.reserve(addresses);
  const long memory = resident();
  long most = 0;
  const double cpu_before = cpu();
  const auto before = std::chrono::steady_clock::now();
  while (held.size() < addresses || asker.under_way() > 0) {
    while (held.size() < addresses && asker.under_way() < at_a_time) {
      const std::uint32_t client = htonl(0x0a000000 + static_cast<unsigned>(held.size()));
      held.push_back(asker.ask(InetAddress::v4(&client)));
    }
    most = std::max(most, resident());
    loop.turn(net::Loop::Wait::yes);
  }
  const double used = cpu() - cpu_before;
  const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  const double questions = static_cast<double>(addresses) * static_cast<double>(lists);
  std::uint64_t listed = 0, failed = 0;
  for (std::size_t i = 0; i < asker.lists(); ++i) {
    listed += asker.tally(i).listed;
    failed += asker.tally(i).failed + asker.tally(i).late;
  }
  std::printf(
      "%.0f questions (%llu listed, %llu failed) in %.2f s, %.2f s of CPU: %.0f a second of CPU, %.1f us "
      "each\n",
      questions, static_cast<unsigned long long>(listed), static_cast<unsigned long long>(failed), time, used,
      questions / used, used / questions * 1e6);
  std::printf("memory: at most %.0f bytes an address under way, %.0f when complete\n",
              static_cast<double>(most - memory) / static_cast<double>(std::min(at_a_time, addresses)),
              static_cast<double>(resident() - memory) / static_cast<double>(addresses));
}
