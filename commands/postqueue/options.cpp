#include "commands/postqueue/options.h"

#include <getopt.h>

#include <algorithm>

#include "lib/base/exec.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mail/queue_id.h"
#include "lib/queue/condition.h"

namespace postern::commands {

namespace {

enum Long { kWhere = 256, kFirst, kLongList, kShape, kBy, kBuckets, kMinutes, kLinear, kHelp };
constexpr option kLong[] = {{"where", required_argument, nullptr, kWhere},
                            {"first", required_argument, nullptr, kFirst},
                            {"long", no_argument, nullptr, kLongList},
                            {"json", no_argument, nullptr, 'j'},
                            {"shape", no_argument, nullptr, kShape},
                            {"by", required_argument, nullptr, kBy},
                            {"buckets", required_argument, nullptr, kBuckets},
                            {"minutes", required_argument, nullptr, kMinutes},
                            {"linear", no_argument, nullptr, kLinear},
                            {"help", no_argument, nullptr, kHelp},
                            {nullptr, 0, nullptr, 0}};

Failure usage() { return fail(Errc::invalid, ""); }

// A host name, or an address in brackets.
bool is_site(std::string_view text) {
  const bool literal = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const auto inside = literal ? text.substr(1, text.size() - 2) : text;
  const auto fits = [literal](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_' || (literal && c == ':');
  };
  return !inside.empty() && inside.size() <= 255 && inside.front() != '-' && inside.front() != '.' &&
         std::all_of(inside.begin(), inside.end(), fits);
}

class Parser {
 public:
  Result<QueueRequest> parse(const std::vector<std::string>& words) {
    std::vector<std::string> all{"postqueue"};
    all.insert(all.end(), words.begin(), words.end());
    auto pointers = pointers_to(all);
    ::optind = 0;  // of GNU: from the start, also a second time
    ::opterr = 0;
    for (;;) {
      const int option =
          ::getopt_long(static_cast<int>(all.size()), pointers.data(), "+c:fi:jps:v", kLong, nullptr);
      if (option < 0) break;
      auto taken = take(option, ::optarg == nullptr ? "" : ::optarg);
      if (!taken) return fail(taken.error());
    }
    if (::optind < static_cast<int>(all.size())) return usage();
    return finished();
  }

 private:
  Result<void> take(int option, const std::string& value) {
    switch (option) {
      case 'c': request_.directory = value; return {};
      case 'v': return {};
      case 'p': return verb(QueueVerb::table);
      case 'f': return verb(QueueVerb::flush);
      case 'i': return flush_id(value);
      case 's': return flush_site(value);
      case 'j': json_ = true; return {};
      case kLongList: return verb(QueueVerb::text);
      case kShape: return verb(QueueVerb::shape);
      case kHelp: return verb(QueueVerb::help);
      case kWhere: return where(value);
      case kLinear: shape_given_ = request_.shape.linear = true; return {};
      case kFirst: return number(value, "--first", 1'000'000'000, [this](int n) { request_.first = n; });
      case kBuckets: return shape_number(value, "--buckets", 20, request_.shape.buckets);
      case kMinutes: return shape_number(value, "--minutes", 100'000, request_.shape.minutes);
      case kBy: return by(value);
      default: return usage();
    }
  }

  Result<void> verb(QueueVerb wanted) {
    if (verb_ && *verb_ != wanted) return usage();
    verb_ = wanted;
    return {};
  }

  Result<void> flush_id(const std::string& value) {
    const auto id = mail::parse_queue_id(value);
    if (!id)
      return fail(Errc::invalid,
                  concat("Cannot flush queue ID - invalid name: \"", printable(value, 100), "\""));
    request_.id = id->number();
    return verb(QueueVerb::flush_id);
  }

  Result<void> flush_site(const std::string& value) {
    if (!is_site(value)) {
      return fail(Errc::invalid,
                  concat("Cannot flush mail queue - invalid destination: \"", printable(value, 100), "\""));
    }
    request_.site = lower(value);
    return verb(QueueVerb::flush_site);
  }

  Result<void> where(const std::string& value) {
    const auto condition = queue::Condition::parse(value, wall_micros());
    if (!condition) return fail(Errc::invalid, concat("--where: ", condition.error().text));
    if (!request_.where.empty())
      return fail(Errc::invalid, "--where may be given once: join conditions by \"and\"");
    request_.where = value;
    return {};
  }

  template <class Function>
  Result<void> number(const std::string& value, std::string_view option, int most, Function function) {
    const auto found = parse_number(value);
    if (!found || *found < 1 || *found > most) {
      return fail(Errc::invalid, concat(option, ": expected a number from 1 to ", most, ", not \"",
                                        printable(value, 60), "\""));
    }
    function(static_cast<int>(*found));
    return {};
  }

  Result<void> shape_number(const std::string& value, std::string_view option, int most, int& place) {
    shape_given_ = true;
    return number(value, option, most, [&place](int n) { place = n; });
  }

  Result<void> by(const std::string& value) {
    shape_given_ = true;
    if (std::find(std::begin(kShapes), std::end(kShapes), value) == std::end(kShapes)) {
      std::string names;
      for (const auto name : kShapes) names += concat(" ", name);
      return fail(Errc::invalid,
                  concat("--by: expected one of", names, ", not \"", printable(value, 60), "\""));
    }
    request_.shape.by = value;
    return {};
  }

  Result<QueueRequest> finished() {
    const bool is_list = !verb_ || *verb_ == QueueVerb::table || *verb_ == QueueVerb::text;
    if (json_ && verb_ != QueueVerb::shape) {
      if (verb_) return usage();
      verb_ = QueueVerb::json;
    }
    if (!verb_ && request_.where.empty() && !request_.first) return usage();
    request_.verb = verb_.value_or(QueueVerb::text);
    request_.json = json_;
    const bool is_shape = request_.verb == QueueVerb::shape;
    if (shape_given_ && !is_shape)
      return fail(Errc::invalid, "--by, --buckets, --minutes and --linear go with --shape");
    if (request_.first && !is_list && !is_shape) return fail(Errc::invalid, "--first goes with listings");
    if (!request_.where.empty() &&
        (request_.verb == QueueVerb::flush_id || request_.verb == QueueVerb::flush_site)) {
      return fail(Errc::invalid, "--where goes with -f, not with -i and -s");
    }
    if (is_shape && request_.first) request_.shape.first = static_cast<std::size_t>(*request_.first);
    return std::move(request_);
  }

  QueueRequest request_;
  std::optional<QueueVerb> verb_;
  bool json_ = false, shape_given_ = false;
};

}  // namespace

Result<QueueRequest> parse_queue_request(const std::vector<std::string>& words) {
  return Parser().parse(words);
}

}  // namespace postern::commands
