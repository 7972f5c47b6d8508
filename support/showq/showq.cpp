#include "support/showq/showq.h"

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/ipc/server.h"

namespace postern::showq {

namespace {

constexpr const char* kQmgr = "public/qmgr";
constexpr std::size_t kMostOfUser = 20;        // connections
constexpr std::size_t kMostUnread = 1u << 20;  // bytes of answers; the next page is made when there are fewer

class Counted {
 public:
  Counted(std::map<uid_t, std::size_t>& counts, uid_t user) : counts_(counts), user_(user) {
    ++counts_[user_];
  }
  ~Counted() {
    if (--counts_[user_] == 0) counts_.erase(user_);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  std::size_t count() const { return counts_[user_]; }

 private:
  std::map<uid_t, std::size_t>& counts_;
  uid_t user_;
};

template <class Answer>
Answer denied(std::string why) {
  Answer answer;
  answer.problem = std::move(why);
  answer.denied = true;
  return answer;
}

template <class Answer>
Answer answer_of(Result<Answer> asked) {
  if (asked) return std::move(*asked);
  Answer answer;
  answer.problem = concat("the queue manager cannot be asked: ", asked.error().text);
  return answer;
}

}  // namespace

class Showq::Turn {
 public:
  explicit Turn(Showq& of) : showq_(of) { showq_.looking_ = true; }
  ~Turn() {
    showq_.looking_ = false;
    showq_.looked_->notify();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Showq& showq_;
};

Result<void> Showq::prepare(daemon::Context& context) {
  context_ = &context;
  config::QueueAccessParams access;
  auto loaded = access.load(context.settings());
  if (!loaded) return loaded;
  auto users = Users::read(access);
  if (!users) return fail(users.error());
  users_.emplace(std::move(*users));
  looked_ = std::make_unique<net::Event>(context.loop());
  qmgr_ = std::make_unique<ipc::Client>(context.loop(), context.queue_path(kQmgr));
  return {};
}

net::Task<void> Showq::serve(net::Accepted connection) {
  const int peer = net::peer_user(connection.fd.get());
  if (peer < 0) co_return;
  const uid_t user = static_cast<uid_t>(peer);
  const Counted counted(connections_, user);
  if (user != 0 && counted.count() > kMostOfUser) {
    log_warning(concat("request refused: user ", user, " has ", kMostOfUser, " connections already"));
    co_return;
  }
  ipc::Handlers handlers;
  handlers.bound(1, kMostUnread);
  handlers.on<ipc::ListQueueCall>(
      [this, user](ipc::ListQueue question) { return list(std::move(question), user); });
  handlers.on<ipc::ChangeQueueCall>(
      [this, user](ipc::ChangeQueue question) { return flush(std::move(question), user); });
  co_await ipc::serve(context_->loop(), std::move(connection.fd), handlers);
}

net::Task<ipc::QueuePage> Showq::list(ipc::ListQueue question, uid_t user) {
  std::string objection = co_await users_->objection(user, Wish::view);
  if (!objection.empty()) co_return denied<ipc::QueuePage>(std::move(objection));
  // One page at a time, so that users who list without end leave the queue time for mail.
  const Deadline deadline = context_->ipc_deadline();
  while (looking_) {
    const bool looked = co_await looked_->wait(deadline);
    if (!looked) co_return answer_of<ipc::QueuePage>(fail(Errc::busy, "too many others look at the queue"));
  }
  const Turn turn(*this);
  auto asked = co_await qmgr_->ask<ipc::ListQueueCall>(question, deadline);
  co_return answer_of(std::move(asked));
}

net::Task<ipc::QueueChanged> Showq::flush(ipc::ChangeQueue question, uid_t user) {
  std::string objection = co_await users_->objection(user, Wish::flush);
  if (!objection.empty()) co_return denied<ipc::QueueChanged>(std::move(objection));
  if (question.action != ipc::QueueAction::flush) {
    co_return denied<ipc::QueueChanged>("changes of the queue are reserved for the superuser");
  }
  auto asked = co_await qmgr_->ask<ipc::ChangeQueueCall>(question, context_->ipc_deadline());
  co_return answer_of(std::move(asked));
}

}  // namespace postern::showq
