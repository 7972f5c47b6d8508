// Any bytes as master.cf: what parses keeps its text, a service that is written is read again as the same
// one, and an edit leaves the other services alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lib/config/master_cf.h"

namespace {

using namespace postern;
using namespace postern::config;

void require(bool holds) {
  if (!holds) std::abort();
}

bool same(const Service& a, const Service& b) {
  return a.fields == b.fields && a.command == b.command && a.overrides == b.overrides &&
         a.verbose == b.verbose && a.debug == b.debug && a.operands == b.operands;
}

void require_readable(const Service& service) {
  const auto line = one_line(service);
  require(line.find('\n') == line.npos);
  const auto again = parse_service(line);
  require(again && same(*again, service) && one_line(*again) == line);
  const auto file = MasterCf::parse(folded(service));
  require(file && file->services().size() == 1 && same(file->services()[0], service));
}

void require_consistent(const MasterCf& file) {
  const auto again = MasterCf::parse(file.text());
  require(again && again->text() == file.text() && again->services().size() == file.services().size());
  for (std::size_t i = 0; i < file.services().size(); ++i) {
    require(same(again->services()[i], file.services()[i]) &&
            again->services()[i].line == file.services()[i].line);
  }
}

void edit(const MasterCf& before, std::size_t at) {
  const auto& services = before.services();
  auto replaced = before;
  require(replaced.replace(at, folded(services[at])).has_value());
  require(replaced.services().size() == services.size());
  for (std::size_t i = 0; i < services.size(); ++i) require(same(replaced.services()[i], services[i]));
  require_consistent(replaced);

  auto removed = before, hidden = before;
  removed.remove(at);
  hidden.comment_out(at);
  for (const auto* file : {&removed, &hidden}) {
    require(file->services().size() == services.size() - 1);
    for (std::size_t i = 0; i < file->services().size(); ++i) {
      require(same(file->services()[i], services[i < at ? i : i + 1]));
    }
    require_consistent(*file);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto file = MasterCf::parse(std::string(text));
  if (!file) {
    require(file.error().text.starts_with("master.cf"));
    return 0;
  }
  require(file->text() == text);
  for (const auto& service : file->services()) {
    require_readable(service);
    require(file->find(service.name, service.type) != nullptr);
  }
  require(file->in_force().size() + file->warnings().size() == file->services().size());
  if (!file->services().empty()) {
    edit(*file, 0);
    edit(*file, file->services().size() - 1);
  }
  const auto count = file->services().size();
  require(file->append("added unix - - - - - program\n    -o { a = b c }").has_value());
  require(file->services().size() == count + 1 && file->text().starts_with(text));
  require_consistent(*file);
  return 0;
}
