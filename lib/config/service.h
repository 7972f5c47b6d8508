// One entry of master.cf: eight fields, of which the last is a command and its arguments.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/words.h"

namespace postern::config {

enum class SocketType { inet, unix, unix_dgram, fifo, pass };

// As master.cf writes it: inet, unix, unix-dgram, fifo, pass.
std::string_view name_of(SocketType type);
std::optional<SocketType> socket_type(std::string_view name);

// The fields before the command, in the order of the file.
enum class Field { service, type, private_, unprivileged, chroot, wakeup, process_limit };
constexpr std::size_t kFields = 7;
constexpr std::array<std::string_view, kFields> kFieldNames{
    "service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit"};

// The options of service programs that take a value, in the same word or in the next.
constexpr std::string_view kOptionsWithValue = "imnost";

// Where an inet service listens. An empty host means inet_interfaces; the port is a number or a service name.
struct Endpoint {
  std::string host, port;
};

// "port", "host:port" or "[address]:port". Fails with invalid on `*`, on an empty part, on an address with
// colons that is not in brackets, and on a number that is no port.
Result<Endpoint> parse_endpoint(std::string_view name);

// The fields as written, each after the other in one text: a file may have thousands of entries.
class Fields {
 public:
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
  }
  void set(std::size_t index, std::string_view value);
  void set(Field which, std::string_view value) { set(static_cast<std::size_t>(which), value); }
  bool operator==(const Fields&) const = default;

 private:
  std::string text_;
  std::array<std::uint32_t, kFields> ends_{};
};

struct Service {
  std::string name;
  SocketType type = SocketType::unix;
  // What is in force, with the defaults filled in for "-".
  bool private_ = true;
  bool unprivileged = true;
  bool chroot = false;
  std::chrono::seconds wakeup{0};    // 0: never
  bool wakeup_if_used = false;       // only after the service was used
  std::optional<int> process_limit;  // nothing: $default_process_limit; 0: no limit
  std::string command;
  List arguments;  // behind the command; the braces around a whole word are gone

  // What the arguments say: the options up to the first word that is none, and the words behind them.
  std::vector<std::pair<std::string, std::string>> overrides;  // -o n=v, -on=v, -o {n = v}, in order
  int verbose = 0;                                             // how many -v
  bool debug = false;                                          // -D
  List operands;
  std::vector<std::size_t> override_words;  // for each override the index of the argument that holds it

  Fields fields;         // "-" is not the same as its default
  std::size_t line = 0;  // of its first physical line, from 1

  std::string_view field(Field which) const { return fields[static_cast<std::size_t>(which)]; }
  bool is_default(Field which) const { return field(which) == "-"; }
};

// Parses the text of an entry, without comments. Fails with invalid, and names the field and the entry:
// "invalid chroot field "maybe" in "ENTRY"", "bad field count in "ENTRY"", "missing '}' in "WORD"", ...
Result<Service> parse_service(std::string_view entry);
// The same into a service that is there, newly made: for files of thousands. After a failure it is of no use.
Result<void> read_service(std::string_view entry, Service& service);

// The entry in columns: on one line; or folded at 80 columns, with a line of its own for each -o.
// The parts of options are written in one way only: -o n=v, -o {n=v w}, -v, -D.
std::string one_line(const Service& service);
std::string folded(const Service& service);
// The command and its arguments alone, in the same form; `start` is what stands in front of it.
std::string command_line(const Service& service);
std::string folded_command(std::string start, const Service& service);

// The same service with something changed. All fail as parse_service does.
// Another field, or another command with its arguments.
Result<Service> with_field(const Service& service, Field which, std::string_view value);
Result<Service> with_command(const Service& service, std::string_view text);
// Every -o of that name gets the value; if there is none, one more stands behind the last option.
Result<Service> with_override(const Service& service, std::string_view name, std::string_view value);
// Every -o of that name is gone.
Result<Service> without_override(const Service& service, std::string_view name);

}  // namespace postern::config
