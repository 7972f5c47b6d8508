// The command line of postqueue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/queue/shape.h"
#include "lib/base/result.h"

namespace postern::commands {

enum class QueueVerb { table, json, text, shape, flush, flush_id, flush_site, help };

struct QueueRequest {
  QueueVerb verb = QueueVerb::text;
  std::string directory;              // -c
  std::string where;                  // --where, checked
  std::string site;                   // -s
  std::int64_t id = 0;                // -i
  std::optional<std::int64_t> first;  // --first
  bool json = false;                  // of --shape
  ShapeOptions shape;
};

inline constexpr std::string_view kQueueUsage =
    "usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site\n"
    "       postqueue [-p | -j | --long | -f | --shape] [--where condition] [--first number]";

// Fails with invalid: what is wrong with it; an empty text: the usage says it.
Result<QueueRequest> parse_queue_request(const std::vector<std::string>& words);

}  // namespace postern::commands
