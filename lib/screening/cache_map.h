// postscreen_cache_map: which file it means here. Every kind that can be written to is kept in a format of our own.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace postern::screening {

struct CacheMap {
  std::string file;  // empty: results are kept in memory alone
  std::string note;  // for the log, once: what is not as the map says
};

// "btree:PATH", "hash:PATH", "sdbm:PATH" and "dbm:PATH" are PATH.db; so is "lmdb:PATH", with a note; "sqlite:PATH" is PATH;
// "internal:NAME" is memory; "memcache:…" is postscreen_cache.db in data_directory, with a note. "proxy:" in front of any
// changes nothing: screens of one host share the file. Fails with invalid for other types, which nothing can be written to.
Result<CacheMap> read_cache_map(std::string_view map, const std::string& data_directory);

}  // namespace postern::screening
