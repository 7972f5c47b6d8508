#include "commands/postqueue/postqueue.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "commands/queue/listing_text.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace postern::commands {

namespace {

using desk::Desk;

constexpr int kFirstPage = 100;  // soon
constexpr int kPage = 1000;

QueueProblem done() { return {0, ""}; }

QueueProblem problem_of(const Error& error) { return {status_of(error), error.text}; }

// Pages of the queue, one after the other.
template <class Function>
Result<void> for_each_page(Desk& desk, const QueueRequest& request, Function function) {
  ipc::ListQueue question;
  question.where = request.where;
  question.most = kFirstPage;
  for (;;) {
    const auto page = desk.list(question);
    if (!page) return fail(page.error());
    auto taken = function(*page);
    if (!taken) return fail(taken.error());
    if (!*taken || !page->more) return {};
    question.after = page->next;
    question.most = kPage;
  }
}

class Listing {
 public:
  Listing(const QueueAccess& access, const QueueRequest& request) : access_(access), request_(request) {}

  Result<void> show(Desk& desk) {
    auto listed = for_each_page(desk, request_, [this](const ipc::QueuePage& page) { return add(page); });
    if (!listed) return listed;
    if (request_.verb == QueueVerb::json) return {};
    if (messages_ == 0) {
      return write(request_.where.empty() ? "Mail queue is empty\n" : "No message in the queue fits\n");
    }
    return write(table_foot(bytes_, messages_));
  }

 private:
  // False when there is enough.
  Result<bool> add(const ipc::QueuePage& page) {
    std::string text;
    const auto id_text = [this](std::int64_t id) { return access_.id_text(id); };
    for_each_entry(page, id_text, access_.has_long_ids(), [&](const Entry& entry) {
      if (!has_enough()) text += text_of(entry);
    });
    auto written = write(text);
    if (!written) return fail(written.error());
    return !has_enough();
  }

  bool has_enough() const { return request_.first && messages_ >= *request_.first; }

  std::string text_of(const Entry& entry) {
    const bool is_first = messages_++ == 0;
    bytes_ += entry.message.size;
    switch (request_.verb) {
      case QueueVerb::json: return json_entry(entry);
      case QueueVerb::table:
        return concat(is_first ? table_head(access_.has_long_ids()) : "", table_entry(entry));
      default: return concat(long_entry(entry, wall_micros()), "\n");
    }
  }

  static Result<void> write(const std::string& text) {
    return write_all(STDOUT_FILENO, text, "standard output");
  }

  const QueueAccess& access_;
  const QueueRequest& request_;
  std::int64_t messages_ = 0, bytes_ = 0;
};

Result<void> show_shape(Desk& desk, const QueueRequest& request) {
  Shape shape(request.shape, wall_micros());
  auto listed = for_each_page(desk, request, [&shape](const ipc::QueuePage& page) -> Result<bool> {
    shape.add(page);
    return true;
  });
  if (!listed) return listed;
  return write_all(STDOUT_FILENO, request.json ? shape.json() : shape.text(), "standard output");
}

QueueProblem view(const QueueAccess& access, const QueueRequest& request) {
  auto desk = access.desk(QueueAccess::Purpose::view);
  if (!desk && desk.error().kind == Errc::lost) {
    return {kUnavailable, concat("Queue report unavailable - ", desk.error().text)};
  }
  if (!desk) return problem_of(desk.error());
  if (access.is_down())
    std::fprintf(stderr, "postqueue: warning: Mail system is down -- accessing queue directly\n");
  auto shown =
      request.verb == QueueVerb::shape ? show_shape(**desk, request) : Listing(access, request).show(**desk);
  if (!shown && shown.error().kind == Errc::lost) return done();  // whoever read it has seen enough
  return shown ? done() : problem_of(shown.error());
}

// Page by page; the number of messages that were changed.
Result<std::int64_t> change(Desk& desk, ipc::ChangeQueue question) {
  std::int64_t changed = 0;
  for (;;) {
    auto answer = desk.change(question);
    if (!answer) return fail(answer.error());
    changed += static_cast<std::int64_t>(answer->queue_ids.size());
    if (!answer->more) return changed;
    question.after = answer->next;
  }
}

QueueProblem flush(const QueueAccess& access, const QueueRequest& request) {
  if (access.is_down()) return {kUnavailable, "Cannot flush mail queue - mail system is down"};
  auto desk = access.desk(QueueAccess::Purpose::view);
  if (!desk) return problem_of(desk.error());
  ipc::ChangeQueue question;
  question.where = request.where;
  question.site = request.site;
  if (request.id != 0) question.queue_ids.push_back(request.id);
  const auto changed = change(**desk, std::move(question));
  if (!changed) return problem_of(changed.error());
  if (request.id == 0 || *changed > 0) return done();
  return {kNoSuchMessage,
          concat("Cannot flush queue ID - no message ", access.id_text(request.id), " waits in the queue")};
}

}  // namespace

QueueProblem run_queue_request(const QueueRequest& request) {
  const auto directory = configuration_directory(request.directory);
  if (!directory) return problem_of(directory.error());
  const auto access = QueueAccess::open(*directory);
  if (!access) return {kUnavailable, access.error().text};
  const bool is_flush = request.verb == QueueVerb::flush || request.verb == QueueVerb::flush_id ||
                        request.verb == QueueVerb::flush_site;
  return is_flush ? flush(*access, request) : view(*access, request);
}

}  // namespace postern::commands
