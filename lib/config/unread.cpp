#include "lib/config/unread.h"

#include <algorithm>

#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {

constexpr const UnreadRows* kParts[] = {&kLmtpRows,  &kLocalRows,  &kQueueRows, &kSmtpRows,
                                        &kSmtpdRows, &kSystemRows, &kTlsRows,   &kVerifyRows};

ParamSpec spec_of(const Unread& row) {
  constexpr std::int64_t kLargestInteger = std::int64_t{1} << 50;
  auto spec = not_yet(row.type == UnreadType::raw ? kUnexpanded : ParamSpec{});
  spec.min = row.bounds.min;
  if (row.type == UnreadType::integer) spec.max = kLargestInteger;
  if (row.bounds.max > 0) spec.max = row.bounds.max;
  return spec;
}

}  // namespace

const Unread* find_unread(std::string_view name) {
  for (const auto* part : kParts) {
    const auto found =
        std::lower_bound(part->begin(), part->end(), name,
                         [](const Unread& row, std::string_view key) { return row.name < key; });
    if (found != part->end() && found->name == name) return &*found;
  }
  return nullptr;
}

UnreadParams::UnreadParams() {
  for (const auto* part : kParts) {
    for (const auto& row : *part) add(row);
  }
}

void UnreadParams::add(const Unread& row) {
  const auto declare = [&](auto& params) {
    params.emplace_back(*this, std::string(row.name), std::string(row.standard), row.help, spec_of(row));
  };
  switch (row.type) {
    case UnreadType::string:
    case UnreadType::raw: declare(strings_); break;
    case UnreadType::boolean: declare(booleans_); break;
    case UnreadType::integer: declare(integers_); break;
    case UnreadType::time: declare(times_);
  }
}

}  // namespace postern::config
