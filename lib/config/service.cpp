#include "lib/config/service.h"

#include <algorithm>
#include <limits>

#include "lib/base/text.h"
#include "lib/config/lines.h"
#include "lib/config/main_cf.h"

namespace postern::config {

namespace {

constexpr std::array<std::string_view, 5> kTypes{"inet", "unix", "unix-dgram", "fifo", "pass"};

bool is_port(std::string_view port) {
  if (!port.empty() && is_digit(port.front())) {
    const auto number = parse_number(port);
    return number && *number > 0 && *number < 65536;
  }
  return !port.empty() && std::all_of(port.begin(), port.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '_' || c == '+' || c == '.';
  });
}

// A path below private/ or public/ that cannot lead out of there, and that does not make a comment of its entry.
bool is_local_name(std::string_view name) {
  if (name.starts_with('#')) return false;
  for (auto rest = name;;) {
    const auto part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; });
}

class Reader {
 public:
  Reader(std::string_view entry, Service& service) : entry_(trim(entry)), service_(service) {}
  Result<void> read();

 private:
  Failure bad(std::string_view what) const {
    return fail(Errc::invalid, concat(what, " in \"", shown(entry_), "\""));
  }
  Failure bad_field(Field which) const {
    return bad(concat("invalid ", kFieldNames[static_cast<std::size_t>(which)], " field \"",
                      shown(service_.field(which)), "\""));
  }
  Result<std::string_view> split();
  Result<void> read_name();
  Result<void> read_flag(Field which, bool& flag);
  Result<void> read_wakeup();
  Result<void> read_process_limit();
  Result<void> read_command(std::string_view text);
  Result<void> read_options();
  Result<std::size_t> read_option(std::size_t at);

  std::string_view entry_;
  Service& service_;
};

std::optional<int> to_int(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(*number);
}

// Takes the seven fields off the front; what is left is the command.
Result<std::string_view> Reader::split() {
  auto rest = entry_;
  for (std::size_t field = 0; field < kFields; ++field) {
    std::size_t end = 0;
    while (end < rest.size() && !is_space(rest[end])) ++end;
    service_.fields.set(field, rest.substr(0, end));
    while (end < rest.size() && is_space(rest[end])) ++end;
    rest.remove_prefix(end);
  }
  if (rest.empty()) return bad("bad field count");
  return rest;
}

Result<void> Reader::read_name() {
  const auto type = socket_type(service_.field(Field::type));
  if (!type) return bad_field(Field::type);
  service_.type = *type;
  service_.name = service_.field(Field::service);
  if (*type != SocketType::inet) {
    if (!is_local_name(service_.name)) return bad_field(Field::service);
    return {};
  }
  if (const auto endpoint = parse_endpoint(service_.name); !endpoint) return bad(endpoint.error().text);
  return {};
}

Result<void> Reader::read_flag(Field which, bool& flag) {
  const auto text = service_.field(which);
  if (text != "y" && text != "n" && text != "-") return bad_field(which);
  if (text != "-") flag = text == "y";
  return {};
}

Result<void> Reader::read_wakeup() {
  std::string_view text = service_.field(Field::wakeup);
  if (text == "-") return {};
  service_.wakeup_if_used = text.ends_with('?');
  if (service_.wakeup_if_used) text.remove_suffix(1);
  const auto seconds = to_int(text);
  if (!seconds) return bad_field(Field::wakeup);
  service_.wakeup = std::chrono::seconds(*seconds);
  return {};
}

Result<void> Reader::read_process_limit() {
  const auto text = service_.field(Field::process_limit);
  if (text == "-") return {};
  service_.process_limit = to_int(text);
  if (!service_.process_limit) return bad_field(Field::process_limit);
  return {};
}

Result<void> Reader::read_command(std::string_view text) {
  const auto words = braced_words(text, kBlanks);
  if (!words) return fail(words.error());
  service_.arguments.reserve(words->size() - 1);
  for (const auto word : *words) {
    auto plain = without_braces(word);
    if (!plain) return fail(plain.error());
    const bool is_first = word.data() == words->front().data();
    if (is_first) {
      service_.command = std::move(*plain);
    } else {
      service_.arguments.push_back(std::move(*plain));
    }
  }
  if (service_.command.empty()) return bad("empty command");
  return read_options();
}

Result<void> Reader::read_options() {
  const auto& words = service_.arguments;
  std::size_t at = 0;
  while (at < words.size() && words[at].size() > 1 && words[at].front() == '-') {
    if (words[at++] == "--") break;
    const auto next = read_option(at - 1);
    if (!next) return fail(next.error());
    at = *next;
  }
  service_.operands.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return {};
}

// Reads the word of options at `at`, "-vo" and the like; where the next one is.
Result<std::size_t> Reader::read_option(std::size_t at) {
  const auto& words = service_.arguments;
  const std::string_view letters = std::string_view(words[at]).substr(1);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const char letter = letters[i];
    if (!is_alnum(letter)) return bad(concat("invalid option -", letter));
    if (letter == 'v') ++service_.verbose;
    if (letter == 'D') service_.debug = true;
    if (kOptionsWithValue.find(letter) == std::string_view::npos) continue;
    const bool attached = i + 1 < letters.size();
    if (!attached && at + 1 == words.size()) return bad(concat("option -", letter, " without a value"));
    if (letter == 'o') {
      auto setting = split_setting(attached ? letters.substr(i + 1) : std::string_view(words[at + 1]));
      if (!setting) return fail(setting.error());
      service_.overrides.push_back(std::move(*setting));
      service_.override_words.push_back(attached ? at : at + 1);
    }
    return at + (attached ? 1 : 2);
  }
  return at + 1;
}

Result<void> Reader::read() {
  const bool unprintable = std::any_of(entry_.begin(), entry_.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && !is_space(c)) || c == 127;
  });
  if (unprintable) return bad("non-printable text");
  const auto command = split();
  if (!command) return fail(command.error());
  if (auto done = read_name(); !done) return fail(done.error());
  if (auto done = read_flag(Field::private_, service_.private_); !done) return fail(done.error());
  if (auto done = read_flag(Field::unprivileged, service_.unprivileged); !done) return fail(done.error());
  if (auto done = read_flag(Field::chroot, service_.chroot); !done) return fail(done.error());
  if (service_.type == SocketType::inet && service_.private_) return bad_field(Field::private_);
  if (auto done = read_wakeup(); !done) return fail(done.error());
  if (auto done = read_process_limit(); !done) return fail(done.error());
  return read_command(*command);
}

}  // namespace

void Fields::set(std::size_t index, std::string_view value) {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1], end = ends_[index];
  text_.replace(begin, end - begin, value);
  for (auto i = index; i < kFields; ++i) {
    ends_[i] = static_cast<std::uint32_t>(ends_[i] - (end - begin) + value.size());
  }
}

std::string_view name_of(SocketType type) { return kTypes[static_cast<std::size_t>(type)]; }

std::optional<SocketType> socket_type(std::string_view name) {
  const auto found = std::find(kTypes.begin(), kTypes.end(), name);
  if (found == kTypes.end()) return std::nullopt;
  return static_cast<SocketType>(found - kTypes.begin());
}

Result<Endpoint> parse_endpoint(std::string_view name) {
  const auto bad = [&] { return fail(Errc::invalid, concat("bad address or port \"", shown(name), "\"")); };
  Endpoint endpoint;
  auto port = name;
  if (name.starts_with('[')) {
    const auto end = name.find("]:");
    if (end == name.npos || end == 1) return bad();
    endpoint.host = name.substr(1, end - 1);
    port = name.substr(end + 2);
  } else if (const auto colon = name.find(':'); colon != name.npos) {
    endpoint.host = name.substr(0, colon);
    port = name.substr(colon + 1);
    if (endpoint.host.empty()) return bad();
  }
  const bool host_fine = std::all_of(endpoint.host.begin(), endpoint.host.end(), [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
  });
  if (!host_fine || !is_port(port)) return bad();
  endpoint.port = port;
  return endpoint;
}

Result<Service> parse_service(std::string_view entry) {
  Result<Service> service = Service();
  if (auto done = read_service(entry, *service); !done) return fail(done.error());
  return service;
}

Result<void> read_service(std::string_view entry, Service& service) { return Reader(entry, service).read(); }

}  // namespace postern::config
