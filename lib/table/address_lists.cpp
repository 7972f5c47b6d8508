#include "lib/table/address_lists.h"

#include "lib/config/values.h"
#include "lib/table/match_list.h"

namespace postern::table {

Result<void> check_address_list(const config::Settings& settings, std::string_view parameter) {
  const auto value = settings.value(parameter);
  if (!value) return fail(value.error());
  const auto words = config::split_braced(*value, config::kListSeparators);
  if (!words) return fail(words.error());
  const auto list = MatchList::parse(parameter, *words, MatchList::Kind::addresses);
  if (!list) return fail(list.error());
  return {};
}

}  // namespace postern::table
