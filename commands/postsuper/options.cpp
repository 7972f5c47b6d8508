#include "commands/postsuper/options.h"

#include <getopt.h>

#include <algorithm>
#include <optional>

#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/queue/condition.h"

namespace postern::commands {

namespace {

enum Long { kWhere = 256, kDelete, kRequeue, kExpire, kHold, kRelease, kHelp };
constexpr option kLong[] = {
    {"where", required_argument, nullptr, kWhere}, {"delete", no_argument, nullptr, kDelete},
    {"requeue", no_argument, nullptr, kRequeue},   {"expire", no_argument, nullptr, kExpire},
    {"hold", no_argument, nullptr, kHold},         {"release", no_argument, nullptr, kRelease},
    {"help", no_argument, nullptr, kHelp},         {nullptr, 0, nullptr, 0}};

// Those of Postfix. Ours has no others, and these three only by the state of a message.
constexpr std::string_view kQueues[] = {"active", "bounce",   "corrupt",  "defer", "deferred", "flush",
                                        "hold",   "incoming", "maildrop", "saved", "trace"};

std::optional<Remedy> remedy_of(int option) {
  switch (option) {
    case 'd':
    case kDelete: return Remedy::remove;
    case 'r':
    case kRequeue: return Remedy::requeue;
    case 'e':
    case kExpire: return Remedy::expire;
    case 'f': return Remedy::expire_released;
    case 'h':
    case kHold: return Remedy::hold;
    case 'H':
    case kRelease: return Remedy::release;
    default: return std::nullopt;
  }
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) {
    all_.push_back("postsuper");
    all_.insert(all_.end(), words.begin(), words.end());
  }

  Result<SuperRequest> parse() {
    auto pointers = pointers_to(all_);
    ::optind = 0;
    ::opterr = 0;
    for (;;) {
      const int option = ::getopt_long(static_cast<int>(all_.size()), pointers.data(), "+c:d:e:f:h:H:pr:sSv",
                                       kLong, nullptr);
      if (option < 0) break;
      auto taken = take(option, ::optarg == nullptr ? "" : ::optarg);
      if (!taken) return fail(taken.error());
    }
    for (auto at = static_cast<std::size_t>(::optind); at < all_.size(); ++at) {
      if (std::find(std::begin(kQueues), std::end(kQueues), all_[at]) == std::end(kQueues)) {
        return fail(Errc::invalid, concat("invalid directory name: ", printable(all_[at], 100)));
      }
      request_.queues.push_back(all_[at]);
    }
    return finished();
  }

 private:
  Result<void> take(int option, const std::string& value) {
    if (const auto remedy = remedy_of(option)) return act(*remedy, option < kWhere, value);
    switch (option) {
      case 'c': request_.directory = value; return {};
      case 'p':
      case 's':
      case 'S':
      case 'v': return {};
      case kWhere: return where(value);
      case kHelp: request_.help = true; return {};
      default: return fail(Errc::invalid, "");
    }
  }

  Result<void> act(Remedy remedy, bool is_short, const std::string& value) {
    SuperAction action;
    action.remedy = remedy;
    // "-d --where COND": the condition takes the place of a queue id, and is read next.
    const bool is_where = is_short && (value == "--where" || value.starts_with("--where="));
    if (is_where) --::optind;
    if (!is_short || is_where) needs_where_ = true;
    if (!is_short || is_where || value == "ALL") {
      action.of = SuperAction::Of::all;
    } else if (value == "-") {
      action.of = SuperAction::Of::from_input;
    } else {
      action.id = value;
    }
    request_.actions.push_back(std::move(action));
    return {};
  }

  Result<void> where(const std::string& value) {
    const auto condition = queue::Condition::parse(value, wall_micros());
    if (!condition) return fail(Errc::invalid, concat("--where: ", condition.error().text));
    if (trim(value).empty()) return fail(Errc::invalid, "--where: the condition is empty");
    if (!request_.where.empty())
      return fail(Errc::invalid, "--where may be given once: join conditions by \"and\"");
    request_.where = value;
    return {};
  }

  Result<SuperRequest> finished() {
    if (needs_where_ && request_.where.empty()) return fail(Errc::invalid, "--where is missing");
    const auto is_all = [](const SuperAction& action) { return action.of == SuperAction::Of::all; };
    if (!request_.where.empty() && !std::all_of(request_.actions.begin(), request_.actions.end(), is_all)) {
      return fail(Errc::invalid, "--where goes with ALL, not with queue ids");
    }
    if (!request_.where.empty() && request_.actions.empty()) {
      return fail(Errc::invalid, "--where: say what to do with these messages");
    }
    return std::move(request_);
  }

  std::vector<std::string> all_;
  SuperRequest request_;
  bool needs_where_ = false;
};

}  // namespace

Result<SuperRequest> parse_super_request(const std::vector<std::string>& words) {
  return Parser(words).parse();
}

}  // namespace postern::commands
