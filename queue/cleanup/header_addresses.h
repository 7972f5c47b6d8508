// Addresses in header fields, rewritten like those of the envelope.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/mail/completion.h"
#include "lib/mail/header.h"
#include "lib/net/task.h"
#include "lib/table/rewrite.h"

namespace postern::cleanup {

// A field of the header block that is to read otherwise.
struct Edit {
  std::size_t at = 0;  // where the field begins in the message
  std::string raw;     // all its lines
};
using Edits = std::vector<Edit>;

// Whose addresses a field holds; nothing: none that are rewritten.
std::optional<table::AddressKind> address_kind(const mail::HeaderField& field);

// True when each address of a list has a domain with a dot, as far as a glance can tell: nothing to complete.
bool looks_complete(std::string_view value);

// The fields in which an address changes, in the order of the message. `completion` is that of the client's addresses;
// with `map` false they are only completed. A field that is no list of addresses stays as it is. Fails as the
// rewriter does.
net::Task<Result<Edits>> rewrite_header(std::string_view message, mail::HeaderLimits limits,
                                        const table::Rewriter& rewriter, const mail::Completion& completion,
                                        bool map);

}  // namespace postern::cleanup
