#include "bench/botnet/name_server.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "bench/botnet/kinds.h"
#include "lib/base/text.h"
#include "lib/net/socket.h"

namespace postern::botnet {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestQuery = 512;
constexpr unsigned kTypeA = 1;
constexpr unsigned kTtl = 300;

unsigned octet(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

void put16(std::string& text, unsigned number) {
  text += static_cast<char>(number >> 8 & 255);
  text += static_cast<char>(number & 255);
}

void put32(std::string& text, unsigned number) {
  put16(text, number >> 16);
  put16(text, number & 0xffff);
}

struct Question {
  std::vector<std::string_view> labels;
  std::size_t end = 0;  // of the question section
  unsigned type = 0;
};

// The labels of the one question; an `end` of 0 says that the packet is no query.
Question read_question(std::string_view query) {
  Question question;
  if (query.size() < kHeader || (octet(query, 2) & 0xf8) != 0 || octet(query, 5) != 1) return question;
  std::size_t at = kHeader;
  while (at < query.size() && octet(query, at) != 0) {
    const std::size_t length = octet(query, at);
    if (length > 63 || at + 1 + length >= query.size()) return question;
    question.labels.push_back(query.substr(at + 1, length));
    at += 1 + length;
  }
  if (at + 5 > query.size()) return question;
  question.type = octet(query, at + 1) << 8 | octet(query, at + 2);
  question.end = at + 5;
  return question;
}

// The last octet of the address with which the list answers; 0: it does not know the client.
unsigned listing(const Question& question) {
  if (question.type != kTypeA || question.labels.size() < 5) return 0;
  std::array<unsigned, 4> address{};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto number = parse_number(question.labels[3 - i]);
    if (!number || *number < 0 || *number > 255) return 0;
    address[i] = static_cast<unsigned>(*number);
  }
  if (address[0] != 127 || !is_listed(address[1], address[2])) return 0;
  if (question.labels[4] == "zen") return 2;
  return question.labels[4] == "half" && address[3] % 2 == 0 ? 10 : 0;
}

void put_address(std::string& text, unsigned last) {
  put16(text, 0xc000 | kHeader);
  put16(text, kTypeA);
  put16(text, 1);
  put32(text, kTtl);
  put16(text, 4);
  put32(text, 0x7f000000 | last);
}

// The zone's SOA; its names are the root's.
void put_authority(std::string& text) {
  text += '\0';
  put16(text, 6);
  put16(text, 1);
  put32(text, kTtl);
  put16(text, 22);
  put16(text, 0);
  for (const unsigned number : {1u, 3600u, 600u, 86400u, kTtl}) put32(text, number);
}

}  // namespace

std::string answer(std::string_view query) {
  const Question question = read_question(query);
  if (question.end == 0) return {};
  const unsigned listed = listing(question);
  std::string text(query.substr(0, 2));
  put16(text, 0x8580 | (listed != 0 ? 0 : 3));  // an answer, with authority; NXDOMAIN
  put16(text, 1);
  put16(text, listed != 0 ? 1 : 0);
  put16(text, listed != 0 ? 0 : 1);
  put16(text, 0);
  text += query.substr(kHeader, question.end - kHeader);
  if (listed != 0) {
    put_address(text, listed);
  } else {
    put_authority(text);
  }
  return text;
}

Result<void> serve_names(const std::string& address, unsigned port) {
  auto place = net::Endpoint::parse(address, port);
  if (!place) return fail(place.error());
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket", errno);
  const int room = 4 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place->storage), place->length) != 0) {
    return fail_errno(concat("bind ", address, ":", port), errno);
  }
  for (;;) {
    char query[kLongestQuery];
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const auto size =
        ::recvfrom(fd.get(), query, sizeof query, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) continue;
    const auto text = answer(std::string_view(query, static_cast<std::size_t>(size)));
    if (!text.empty())
      ::sendto(fd.get(), text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
}

}  // namespace postern::botnet
