// Parts of a master.cf entry that are commented out, and how they come back.
//
// An entry is commented out line by line, as Postfix does it. A setting becomes a line "#    -o name=value" behind its entry,
// as such lines stand in every master.cf; a field or an option, which is no line of its own, becomes "#smtp/inet/chroot = y" in
// front of it.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/config/service.h"
#include "postconf/arguments.h"
#include "postconf/draft.h"
#include "postconf/output.h"
#include "postconf/service_words.h"

namespace postern::postconf {

// The comment lines that keep what is commented out; none for what has its default already.
std::string comments_on(const config::Service& service, const Glob& name, Space space);

// The text of an entry with such lines where they belong.
std::string with_comments(const std::string& entry, const std::string& comments, Space space);

// Brings back what the edits name. What is there already stays as it is, with a warning.
Result<void> uncomment_services(const Step& step, std::vector<ServiceEdit>& edits, Draft& draft,
                                Output& output);

}  // namespace postern::postconf
