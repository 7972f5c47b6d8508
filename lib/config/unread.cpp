#include "lib/config/unread.h"

#include <algorithm>

#include "lib/config/unread/rows.h"

namespace postern::config {

namespace {

constexpr const UnreadRows* kParts[] = {&kLmtpRows,  &kLocalRows,  &kPostscreenRows, &kQueueRows, &kSmtpRows,
                                        &kSmtpdRows, &kSystemRows, &kTlsRows,        &kVerifyRows};

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
  constexpr ParamSpec largest{.max = std::int64_t{1} << 50};
  const std::string name(row.name), standard(row.standard);
  switch (row.type) {
    case UnreadType::string: strings_.emplace_back(*this, name, standard, row.help, not_yet()); break;
    case UnreadType::raw: strings_.emplace_back(*this, name, standard, row.help, not_yet(kUnexpanded)); break;
    case UnreadType::boolean: booleans_.emplace_back(*this, name, standard, row.help, not_yet()); break;
    case UnreadType::integer:
      integers_.emplace_back(*this, name, standard, row.help, not_yet(largest));
      break;
    case UnreadType::time: times_.emplace_back(*this, name, standard, row.help, not_yet());
  }
}

}  // namespace postern::config
