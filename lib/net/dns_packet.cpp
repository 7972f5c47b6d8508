#include "lib/net/dns_packet.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"
#include "lib/net/dns.h"

namespace postern::net {

namespace {

constexpr std::size_t kLongestName = 253;
constexpr unsigned kMostJumps = 64;
constexpr unsigned kSoa = 6;

// A name as text. `is_host` is false when a label has bytes that would read as something else in text.
struct Name {
  std::string text;
  bool is_host = true;
};

class Reader {
 public:
  Reader(std::string_view packet, std::size_t at) : packet_(packet), at_(at) {}

  bool good() const { return good_; }
  std::size_t at() const { return at_; }

  unsigned byte() { return take(1); }
  unsigned word() { return take(2); }
  std::uint32_t quad() { return take(4); }

  std::string_view bytes(std::size_t count) {
    if (!has(count)) return {};
    at_ += count;
    return packet_.substr(at_ - count, count);
  }

  // RFC 1035 4.1.4. Pointers lead backwards only, so that they come to an end.
  Name name() {
    Name name;
    std::size_t back = packet_.size();
    std::optional<std::size_t> resume;
    for (unsigned jumps = 0; good_;) {
      const std::size_t start = at_;
      const unsigned length = byte();
      if (length == 0) break;
      if (length < 64) {
        add_label(name, bytes(length));
      } else if (length >= 0xc0 && ++jumps <= kMostJumps) {
        const std::size_t target = (length & 0x3fu) << 8 | byte();
        if (!resume) resume = at_;
        back = std::min(back, start);
        good_ = good_ && target < back;
        back = target;
        at_ = target;
      } else {
        good_ = false;
      }
    }
    if (resume) at_ = *resume;
    return name;
  }

 private:
  bool has(std::size_t count) {
    good_ = good_ && at_ <= packet_.size() && packet_.size() - at_ >= count;
    return good_;
  }
  std::uint32_t take(std::size_t count) {
    std::uint32_t value = 0;
    for (const char c : bytes(count)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  void add_label(Name& name, std::string_view label) {
    const bool plain = std::all_of(label.begin(), label.end(), [](char c) {
      return is_alnum(c) || c == '-' || c == '_' || c == '/' || c == '*';
    });
    name.is_host = name.is_host && plain;
    if (!name.text.empty()) name.text += '.';
    name.text += label;
    good_ = good_ && name.text.size() <= kLongestName;
  }

  std::string_view packet_;
  std::size_t at_;
  bool good_ = true;
};

struct Section {
  Name owner;
  unsigned type = 0, klass = 0;
  std::uint32_t ttl = 0;
  std::size_t data = 0, length = 0;  // where the record's data stand
};

bool read_section(Reader& reader, Section& record) {
  record.owner = reader.name();
  record.type = reader.word();
  record.klass = reader.word();
  record.ttl = reader.quad();
  if (record.ttl > 0x7fffffffu) record.ttl = 0;  // RFC 2181 8
  record.length = reader.word();
  record.data = reader.at();
  reader.bytes(record.length);
  return reader.good();
}

enum class Taken { yes, no_host, broken };

Taken take_name(Reader& reader, std::size_t end, DnsRecord& record) {
  Name name = reader.name();
  if (!reader.good() || reader.at() != end) return Taken::broken;
  record.text = std::move(name.text);
  return name.is_host ? Taken::yes : Taken::no_host;
}

Taken take_strings(Reader& reader, std::size_t end, DnsRecord& record) {
  while (reader.good() && reader.at() < end) record.text += reader.bytes(reader.byte());
  return reader.good() && reader.at() == end ? Taken::yes : Taken::broken;
}

Taken take_record(std::string_view packet, const Section& section, DnsType type, DnsRecord& record) {
  // Nothing of a record lies behind its end.
  const std::size_t end = section.data + section.length;
  Reader reader(packet.substr(0, end), section.data);
  switch (type) {
    case DnsType::a:
    case DnsType::aaaa:
      if (section.length != (type == DnsType::a ? 4 : 16)) return Taken::broken;
      record.text = reader.bytes(section.length);
      return Taken::yes;
    case DnsType::mx: record.numbers[0] = reader.word(); return take_name(reader, end, record);
    case DnsType::cname:
    case DnsType::ptr: return take_name(reader, end, record);
    case DnsType::txt: return take_strings(reader, end, record);
    case DnsType::tlsa:
      for (unsigned& number : record.numbers) number = reader.byte();
      if (section.length <= 3) return Taken::broken;
      record.text = reader.bytes(section.length - 3);
      return Taken::yes;
  }
  return Taken::broken;
}

DnsReply nonsense() {
  DnsReply reply;
  reply.status = DnsStatus::try_again;
  return reply;
}

class Answer {
 public:
  Answer(std::string_view packet, std::string_view name, DnsType type) : packet_(packet), type_(type) {
    reply_.name = name;
  }

  // False when the reply makes no sense.
  bool read(Reader& reader, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      Section section;
      if (!read_section(reader, section)) return false;
      if (section.klass != 1) continue;
      if (section.type == static_cast<unsigned>(type_)) {
        wanted_.push_back(std::move(section));
      } else if (section.type == static_cast<unsigned>(DnsType::cname)) {
        aliases_.push_back(std::move(section));
      }
    }
    return follow_aliases() && take_records();
  }

  DnsReply take(unsigned code, bool secure) {
    reply_.secure = secure;
    if (code == 3) {
      reply_.records.clear();
      reply_.status = DnsStatus::no_domain;
    } else if (!reply_.records.empty()) {
      reply_.status = DnsStatus::found;
      reply_.ttl = ttl_;
    } else {
      reply_.status = left_out_ ? DnsStatus::invalid : DnsStatus::no_data;
    }
    return std::move(reply_);
  }

  // Of a reply without records: the SOA record in its authority section says how long that may be kept. One that makes no
  // sense says nothing.
  void read_authority(Reader& reader, unsigned count) {
    for (unsigned i = 0; i < count && reply_.records.empty(); ++i) {
      Section section;
      if (!read_section(reader, section)) return;
      if (section.klass != 1 || section.type != kSoa) continue;
      Reader data(packet_.substr(0, section.data + section.length), section.data);
      data.name();
      data.name();
      data.bytes(16);
      const std::uint32_t minimum = data.quad();
      if (data.good()) reply_.ttl = std::min({ttl_, section.ttl, minimum});
      return;
    }
  }

 private:
  // In whatever order the server gave them.
  bool follow_aliases() {
    for (unsigned steps = 0;; ++steps) {
      const auto alias = std::find_if(aliases_.begin(), aliases_.end(), [&](const Section& section) {
        return iequals(section.owner.text, reply_.name);
      });
      if (alias == aliases_.end()) return true;
      DnsRecord target;
      if (steps == kMostAliases) return false;
      if (take_record(packet_, *alias, DnsType::cname, target) != Taken::yes) return false;
      ttl_ = std::min(ttl_, alias->ttl);
      reply_.name = std::move(target.text);
    }
  }

  bool take_records() {
    for (const auto& section : wanted_) {
      if (!iequals(section.owner.text, reply_.name)) continue;
      if (reply_.records.size() == kMostDnsRecords) break;
      DnsRecord record;
      const auto taken = take_record(packet_, section, type_, record);
      if (taken == Taken::broken) return false;
      // A PTR record for the root names nobody. (An MX record for it means something, RFC 7505.)
      const bool nobody = type_ == DnsType::ptr && record.text.empty();
      if (taken == Taken::no_host || nobody) {
        left_out_ = true;
        continue;
      }
      ttl_ = std::min(ttl_, section.ttl);
      reply_.records.push_back(std::move(record));
    }
    return true;
  }

  std::string_view packet_;
  DnsType type_;
  DnsReply reply_;
  std::vector<Section> wanted_, aliases_;
  std::uint32_t ttl_ = 0x7fffffffu;
  bool left_out_ = false;
};

}  // namespace

namespace {

// A reply to one question; its name is the one that is given, or nothing: the one that the reply repeats.
DnsReply read_reply(std::string_view packet, std::optional<std::string_view> name, DnsType type) {
  Reader reader(packet, 0);
  reader.word();  // the id was looked at by who received it
  const unsigned flags = reader.word();
  const unsigned questions = reader.word();
  const unsigned answers = reader.word();
  const unsigned authorities = reader.word();
  reader.bytes(2);
  if (!reader.good() || (flags & 0x8000u) == 0 || questions > 1) return nonsense();
  Name repeated;
  if (questions == 1) {
    repeated = reader.name();
    reader.bytes(4);
  }
  const unsigned code = flags & 0xfu;
  if (!reader.good() || (code != 0 && code != 3)) return nonsense();
  if (!name && repeated.text.empty()) return nonsense();
  Answer answer(packet, name.value_or(repeated.text), type);
  if (!answer.read(reader, answers)) return nonsense();
  answer.read_authority(reader, authorities);
  return answer.take(code, (flags & 0x20u) != 0);
}

}  // namespace

DnsReply read_dns_reply(std::string_view packet, std::string_view name, DnsType type) {
  return read_reply(packet, name, type);
}

DnsAddresses read_dns_addresses(std::string_view packet) {
  const DnsReply reply = read_reply(packet, std::nullopt, DnsType::a);
  DnsAddresses answer;
  answer.status = reply.status;
  answer.ttl = reply.ttl;
  answer.addresses.resize(reply.records.size());
  for (std::size_t i = 0; i < reply.records.size(); ++i) {
    std::copy_n(reply.records[i].text.begin(), 4, answer.addresses[i].begin());
  }
  return answer;
}

std::string reverse_name(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    const auto value = static_cast<unsigned char>(*byte);
    if (bytes.size() == 4) {
      name += concat(static_cast<unsigned>(value), '.');
    } else {
      name += {kHex[value & 0xf], '.', kHex[value >> 4], '.'};
    }
  }
  return name + (bytes.size() == 4 ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace postern::net
