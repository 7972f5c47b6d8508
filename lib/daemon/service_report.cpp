#include "lib/daemon/service_report.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace postern::daemon {

namespace {

using Text = std::string ServiceReport::*;
using Number = std::int64_t ServiceReport::*;

struct Field {
  std::string_view name;
  Text text = nullptr;
  Number number = nullptr;
  std::size_t most = 0;  // bytes of a text
};

constexpr std::array kFields{
    Field{"name", &ServiceReport::name, nullptr, 255},
    Field{"type", &ServiceReport::type, nullptr, 16},
    Field{"program", &ServiceReport::program, nullptr, 128},
    Field{"line", nullptr, &ServiceReport::line},
    Field{"private", nullptr, &ServiceReport::is_private},
    Field{"unprivileged", nullptr, &ServiceReport::unprivileged},
    Field{"chroot", nullptr, &ServiceReport::chroot},
    Field{"wakeup", nullptr, &ServiceReport::wakeup},
    Field{"wakeup_if_used", nullptr, &ServiceReport::wakeup_if_used},
    Field{"process_limit", nullptr, &ServiceReport::process_limit},
    Field{"state", &ServiceReport::state, nullptr, 32},
    Field{"why", &ServiceReport::why, nullptr, 200},
    Field{"started", nullptr, &ServiceReport::started},
    Field{"failures", nullptr, &ServiceReport::failures},
    Field{"last_failure_at", nullptr, &ServiceReport::last_failure_at},
    Field{"throttled_until", nullptr, &ServiceReport::throttled_until},
    Field{"stressed_until", nullptr, &ServiceReport::stressed_until},
    Field{"sessions_before", nullptr, &ServiceReport::sessions_before},
    Field{"last_failure", &ServiceReport::last_failure, nullptr, 500},
    Field{"addresses", &ServiceReport::addresses, nullptr, 600},
};

std::string value_of(const ServiceReport& report, const Field& field) {
  return field.text != nullptr ? report.*field.text : std::to_string(report.*field.number);
}

void set(ServiceReport& report, const Field& field, std::string_view value) {
  if (field.text != nullptr) {
    report.*field.text = value;
  } else if (const auto number = parse_number(value)) {
    report.*field.number = static_cast<std::int64_t>(*number);
  }
}

}  // namespace

std::string_view name_of(ServiceState state) {
  switch (state) {
    case ServiceState::listening: return "listening";
    case ServiceState::throttled: return "throttled";
    case ServiceState::leaving: return "leaving";
    case ServiceState::folded: return "folded";
    case ServiceState::not_installed: return "not_installed";
  }
  return "unknown";
}

Pairs pairs_of(const ServiceReport& report) {
  Pairs pairs;
  for (const Field& field : kFields) pairs.emplace_back(field.name, value_of(report, field));
  return pairs;
}

bool is_text(std::string_view name) {
  return std::any_of(kFields.begin(), kFields.end(),
                     [name](const Field& field) { return field.name == name && field.text != nullptr; });
}

std::string format_report(const ServiceReport& report, std::size_t most) {
  std::string lines;
  for (const Field& field : kFields) {
    std::string value = value_of(report, field);
    if (field.text != nullptr) value = printable(value, field.most);
    const std::string line = concat(field.name, "=", value, "\n");
    if (lines.size() + line.size() <= most) lines += line;
  }
  return lines;
}

ServiceReport parse_report(std::string_view lines) {
  ServiceReport report;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const auto equals = std::min(line.find('='), line.size());
    const auto found = std::find_if(kFields.begin(), kFields.end(),
                                    [&](const Field& field) { return field.name == line.substr(0, equals); });
    if (found != kFields.end() && equals < line.size()) set(report, *found, line.substr(equals + 1));
  }
  return report;
}

}  // namespace postern::daemon
