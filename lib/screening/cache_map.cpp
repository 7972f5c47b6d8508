#include "lib/screening/cache_map.h"

#include <algorithm>

#include "lib/base/text.h"

namespace postern::screening {

namespace {

constexpr std::string_view kParameter = "postscreen_cache_map";
constexpr std::string_view kProxy = "proxy:";

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Result<CacheMap> read_cache_map(std::string_view map, const std::string& data_directory) {
  std::string_view inner = map;
  if (inner.starts_with(kProxy)) inner.remove_prefix(kProxy.size());
  const auto colon = inner.find(':');
  const std::string_view type = inner.substr(0, colon);
  const std::string_view name = colon == std::string_view::npos ? "" : inner.substr(colon + 1);
  if (name.empty()) {
    return fail(Errc::invalid, concat(kParameter, ": ", map, ": it has the form type:name"));
  }
  if (type == "internal") return CacheMap{};
  if (type == "sqlite") return CacheMap{std::string(name), ""};
  if (is_one_of(type, {"btree", "hash", "sdbm", "dbm"})) return CacheMap{concat(name, ".db"), ""};
  if (type == "lmdb") {
    const std::string file = concat(name, ".db");
    return CacheMap{file, concat(kParameter, ": ", map, ": kept in a format of our own, in ", file)};
  }
  if (type == "memcache") {
    const std::string file = concat(data_directory, "/postscreen_cache.db");
    return CacheMap{
        file, concat(kParameter, ": ", map, ": results are not shared with other hosts, but kept in ", file)};
  }
  return fail(Errc::invalid,
              concat(kParameter, ": ", map, ": nothing can be written to a table of type ", type));
}

}  // namespace postern::screening
