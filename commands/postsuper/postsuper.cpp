#include "commands/postsuper/postsuper.h"

#include <algorithm>
#include <iostream>
#include <unordered_set>

#include "lib/base/text.h"
#include "lib/mail/queue_id.h"

namespace postern::commands {

namespace {

using ipc::QueueAction;

constexpr std::size_t kBatch = 1000;
constexpr std::size_t kNarrowBatch = 100;  // of ids that are part of a condition

QueueAction action_of(Remedy remedy) {
  switch (remedy) {
    case Remedy::requeue: return QueueAction::requeue;
    case Remedy::expire:
    case Remedy::expire_released: return QueueAction::expire;
    case Remedy::hold: return QueueAction::hold;
    case Remedy::release: return QueueAction::release;
    default: return QueueAction::remove;
  }
}

std::string_view done_to(QueueAction action) {
  switch (action) {
    case QueueAction::requeue: return ": requeued";
    case QueueAction::expire: return ": expired";
    case QueueAction::hold: return ": placed on hold";
    case QueueAction::release: return ": released from hold";
    default: return ": removed";
  }
}

// The queues by name, as a condition. What is in none of ours is in no message.
std::string states_of(const std::vector<std::string>& queues) {
  if (queues.empty()) return {};
  std::string states;
  for (const auto& name : queues) {
    const bool is_state = name == "active" || name == "deferred" || name == "hold";
    if (is_state) states += concat(states.empty() ? "state in (" : ", ", name);
  }
  return states.empty() ? "id < 1" : states + ")";
}

std::string both(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return concat("(", a, ") and (", b, ")");
}

}  // namespace

Result<void> Super::obey(const SuperRequest& request) {
  Result<void> done;
  for (const SuperAction& action : request.actions) {
    done = act(action, request);
    if (!done) break;
  }
  log_sums();
  return done;
}

Result<void> Super::act(const SuperAction& action, const SuperRequest& request) {
  const std::string states = states_of(request.queues);
  if (action.of == SuperAction::Of::all) return apply(action.remedy, {}, both(request.where, states));
  if (action.of == SuperAction::Of::from_input) return act_on_input(action.remedy, states);
  Ids ids;
  add_id(action.id, ids);
  return act_on(action.remedy, ids, states);
}

Result<void> Super::act_on_input(Remedy remedy, const std::string& queues) {
  Ids ids;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::string_view text = trim(line);
    // As a listing shows it.
    while (!text.empty() && std::string_view("*!#").find(text.back()) != text.npos) text.remove_suffix(1);
    if (!text.empty()) add_id(text, ids);
    if (ids.size() < kBatch) continue;
    auto done = act_on(remedy, ids, queues);
    if (!done) return done;
    ids.clear();
  }
  return act_on(remedy, ids, queues);
}

void Super::add_id(std::string_view text, Ids& ids) const {
  if (const auto id = mail::parse_queue_id(text)) {
    ids.push_back(id->number());
  } else {
    log_.warning(concat("invalid mail queue id: ", printable(text, 100)));
  }
}

Result<void> Super::act_on(Remedy remedy, const Ids& ids, const std::string& queues) {
  if (queues.empty()) return ids.empty() ? Result<void>() : apply(remedy, ids, "");
  for (std::size_t at = 0; at < ids.size(); at += kNarrowBatch) {
    std::string where = "id in (";
    for (std::size_t i = at; i < std::min(ids.size(), at + kNarrowBatch); ++i) {
      where += concat(i == at ? "" : ",", mail::QueueId(ids[i]).short_text());
    }
    auto done = apply(remedy, {}, both(where + ")", queues));
    if (!done) return done;
  }
  return {};
}

Result<void> Super::apply(Remedy remedy, const Ids& ids, const std::string& where) {
  auto done = change_and_log(action_of(remedy), ids, where, !ids.empty());
  // Released last: it must not be tried before it is to be given up.
  if (!done || remedy != Remedy::expire_released) return done;
  return change_and_log(QueueAction::release, ids, both(where, "state = hold"), false);
}

Result<void> Super::change_and_log(QueueAction action, const Ids& ids, const std::string& where,
                                   bool is_named) {
  ipc::ChangeQueue question;
  question.action = action;
  question.queue_ids = ids;
  question.where = ids.empty() ? where : "";
  std::unordered_set<std::int64_t> missing(ids.begin(), ids.end());
  for (bool more = true; more;) {
    auto answer = desk_.change(question);
    if (!answer) return fail(answer.error());
    for (const std::int64_t id : answer->queue_ids) {
      log_.info(concat(access_.id_text(id), done_to(action)));
      missing.erase(id);
    }
    sums_[action] += static_cast<std::int64_t>(answer->queue_ids.size());
    more = answer->more;
    question.after = answer->next;
  }
  for (const std::int64_t id : is_named ? ids : Ids()) {
    if (missing.contains(id))
      log_.warning(concat(access_.id_text(id), ": no such message that this would change"));
  }
  return {};
}

void Super::log_sums() const {
  constexpr std::pair<QueueAction, std::string_view> kWords[] = {
      {QueueAction::requeue, "Requeued: "},
      {QueueAction::remove, "Deleted: "},
      {QueueAction::expire, "Force-expired: "},
      {QueueAction::hold, "Placed on hold: "},
      {QueueAction::release, "Released from hold: "}};
  for (const auto& [action, word] : kWords) {
    const auto sum = sums_.find(action);
    if (sum == sums_.end() || sum->second == 0) continue;
    log_.info(concat(word, sum->second, sum->second == 1 ? " message" : " messages"));
  }
}

}  // namespace postern::commands
