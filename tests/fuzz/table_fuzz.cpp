// Sources of tables, and what servers of tables answer: whatever the text, a table opens or says why not, and a lookup
// answers. The first byte chooses what the rest is.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/table/memory_tables.h"
#include "lib/table/query_template.h"
#include "lib/table/records.h"
#include "lib/table/server_replies.h"

using namespace postern;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

void look_up(const std::string& name) {
  const table::Opening quiet(nullptr, nullptr,
                             [](table::Trouble, const std::string& text) { require(!text.empty()); });
  const auto opened = table::open(name);
  if (!opened) return require(!opened.error().text.empty());
  for (const std::string_view key : {"a", "192.0.2.1", "2001:db8::1", "Ann+x@example.com"}) {
    auto task = (*opened)->lookup(key);
    task.handle().resume();
    require(task.done());
    const auto found = task.handle().promise().take();
    require(found || !found.error().text.empty());
  }
}

void read(std::string_view text, table::TextForm form) {
  std::size_t reports = 0;
  const auto pairs =
      table::read_text(text, "t", form, [&](table::Trouble, const std::string&) { ++reports; });
  for (const auto& [key, value] : pairs.values) require(!key.empty() && !value.empty());
  require(reports >= pairs.broken.size());
  static_cast<void>(table::looks_like_aliases(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const char kind = text.front();
  text.remove_prefix(1);
  switch (kind) {
    case 'p': read(text, table::TextForm::pairs); break;
    case 'a': read(text, table::TextForm::aliases); break;
    case 'r': look_up("regexp:{" + std::string(text) + "}"); break;
    case 'P': look_up("pcre:{" + std::string(text) + "}"); break;
    case 'c': look_up("cidr:{" + std::string(text) + "}"); break;
    case 'i': look_up("inline:{" + std::string(text) + "}"); break;
    case 'u': look_up("unionmap:{inline:{" + std::string(text) + "}}"); break;
    case 's': {
      const auto head = table::parse_netstring_head(text);
      if (head && *head)
        require((*head)->head <= text.size() && (*head)->length <= table::kLongestSocketmapReply);
      static_cast<void>(table::parse_socketmap_reply(text));
      break;
    }
    case 't': {
      static_cast<void>(table::parse_tcp_reply(text));
      const auto request = table::tcp_request(text);
      if (request) require(request->find('\n') == request->size() - 1);
      break;
    }
    default: {
      const auto query = table::QueryTemplate::parse(std::string(text));
      const auto plain = [](std::string_view part) { return std::string(part); };
      if (query) static_cast<void>(query->fill("ann@x.example", "bob@y.example", plain));
    }
  }
  return 0;
}
