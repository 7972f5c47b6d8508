#include "commands/postcat/options.h"

#include <getopt.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/mail/queue_id.h"

namespace postern::commands {

namespace {

enum Long { kJson = 256, kHelp };
constexpr option kLong[] = {
    {"json", no_argument, nullptr, kJson}, {"help", no_argument, nullptr, kHelp}, {nullptr, 0, nullptr, 0}};

Failure usage() { return fail(Errc::invalid, ""); }

Result<void> take(int option, const std::string& value, CatRequest& request) {
  switch (option) {
    case 'b': request.body = true; return {};
    case 'c': request.directory = value; return {};
    case 'e': request.envelope = true; return {};
    case 'h': request.header = true; return {};
    case 'o': request.offsets = true; return {};
    case kJson: request.json = true; return {};
    case kHelp: request.help = true; return {};
    // Of a file format that is not ours: record types, raw pointers, and a place to begin at.
    case 'd':
    case 'q':
    case 'r':
    case 's':
    case 'v': return {};
    default: return usage();
  }
}

Result<std::int64_t> id_of(const std::string& word) {
  if (const auto id = mail::parse_queue_id(word)) return id->number();
  const bool is_file = ::access(word.c_str(), F_OK) == 0;
  return fail(Errc::invalid, is_file ? concat(printable(word, 200),
                                              ": messages are no files of their own here: name a queue id")
                                     : concat("bad mail queue ID: ", printable(word, 100)));
}

}  // namespace

Result<CatRequest> parse_cat_request(const std::vector<std::string>& words) {
  std::vector<std::string> all{"postcat"};
  all.insert(all.end(), words.begin(), words.end());
  auto pointers = pointers_to(all);
  CatRequest request;
  ::optind = 0;
  ::opterr = 0;
  for (;;) {
    const int option =
        ::getopt_long(static_cast<int>(all.size()), pointers.data(), "+bc:dehoqrs:v", kLong, nullptr);
    if (option < 0) break;
    auto taken = take(option, ::optarg == nullptr ? "" : ::optarg, request);
    if (!taken) return fail(taken.error());
  }
  for (auto at = static_cast<std::size_t>(::optind); at < all.size(); ++at) {
    auto id = id_of(all[at]);
    if (!id) return fail(id.error());
    request.ids.push_back(*id);
  }
  if (request.ids.empty() && !request.help) return usage();
  if (!request.envelope && !request.header && !request.body) {
    request.envelope = request.header = request.body = true;
  }
  return request;
}

}  // namespace postern::commands
