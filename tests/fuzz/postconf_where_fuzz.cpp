// Any bytes as a condition of --where: it ends, and what it says of a service is always the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "postconf/where.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postern;
  using namespace postern::postconf;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto condition = Condition::parse(text);
  if (!condition) {
    require(condition.error().text.starts_with("--where: "));
    return 0;
  }
  static const auto service = config::parse_service(
      "smtp inet n - y 60? 5 smtpd -v -D -o a=1 -o {b = 2 3} -t 5 user=x argv=/y {a b}");
  require(service.has_value());
  const bool fits = condition->fits(*service);
  require(!condition->is_always());
  const auto opposite = Condition::parse("not (" + text + ")");
  require(!opposite || opposite->fits(*service) != fits);
  const auto both = Condition::parse("(" + text + ") or not (" + text + ")");
  require(!both || both->fits(*service));
  return 0;
}
