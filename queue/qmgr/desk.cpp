#include "queue/qmgr/desk.h"

namespace postern::qmgr {

void Desk::add_to(ipc::Handlers& handlers) {
  handlers.on<ipc::ListQueueCall>([this](ipc::ListQueue question) { return list(std::move(question)); });
  handlers.on<ipc::ChangeQueueCall>(
      [this](ipc::ChangeQueue question) { return change(std::move(question)); });
  handlers.on<ipc::ReadMessageCall>([this](ipc::ReadMessage question) { return read(question); });
}

net::Task<ipc::QueuePage> Desk::list(ipc::ListQueue question) {
  auto page = co_await store_.list(std::move(question));
  if (page) co_return std::move(*page);
  ipc::QueuePage none;
  none.problem = page.error().text;
  co_return none;
}

net::Task<ipc::QueueChanged> Desk::change(ipc::ChangeQueue question) {
  ipc::QueueChanged answer;
  const bool is_flush = question.action == ipc::QueueAction::flush;
  if (is_flush && question.queue_ids.empty() && question.where.empty()) {
    scheduler_.flush(std::move(question.site));
    co_return answer;
  }
  const ipc::QueueAction action = question.action;
  auto page = co_await store_.to_change(std::move(question));
  if (!page) {
    answer.problem = page.error().text;
    co_return answer;
  }
  answer.next = page->next;
  answer.more = page->more;
  if (page->ids.empty()) co_return answer;
  answer.queue_ids = co_await scheduler_.change(action, std::move(page->ids));
  co_return answer;
}

net::Task<ipc::MessageRead> Desk::read(ipc::ReadMessage question) {
  auto reading = co_await store_.read(question);
  ipc::MessageRead answer;
  if (!reading) {
    answer.problem = reading.error().text;
    co_return answer;
  }
  answer = std::move(reading->answer);
  if (!reading->spooled) co_return answer;
  auto file = spools_.open(question.queue_id);
  if (file) {
    answer.spool = std::move(*file);
  } else {
    answer.problem = file.error().text;
  }
  co_return answer;
}

}  // namespace postern::qmgr
