// Each opens a table of one type; `name` is the whole TYPE:NAME, `argument` what stands behind the colon. See table.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/table/table.h"

namespace postern::table {

Result<std::unique_ptr<Table>> open_static(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_inline(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_fail(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_environ(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_texthash(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_unix(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_hash(std::string name, std::string_view argument);  // hash: and btree:
Result<std::unique_ptr<Table>> open_lmdb(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_regexp(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_pcre(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_cidr(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_sqlite(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_unionmap(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_pipemap(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_randmap(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_debug(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_proxy(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_socketmap(std::string name, std::string_view argument);
Result<std::unique_ptr<Table>> open_tcp(std::string name, std::string_view argument);

}  // namespace postern::table
