#include "deliver/common/mailbox_writer.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "deliver/common/content.h"
#include "deliver/common/durable.h"
#include "deliver/common/maildir.h"
#include "deliver/common/mbox.h"
#include "lib/base/text.h"

namespace postern::deliver {

namespace {

// One thread makes short work of maildirs: two would wait for each other at the lock of a directory. Large messages
// have a thread of their own, so that nobody waits behind them, and a mailbox file may keep its thread waiting.
constexpr int kMailboxThreads = 4;
constexpr std::size_t kMostAtOnce = 64;

// Signals are for the thread of the loop.
void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Outcome maildir_failure(const Error& error) { return mailbox_failure("maildir delivery failed: ", error); }

}  // namespace

// The deliveries that one thread makes together, and what it keeps between batches.
class MailboxWriter::Batch {
 public:
  explicit Batch(const std::string& host) : host_(host) {}

  void deliver(const Jobs& jobs) {
    for (const auto& job : jobs) write(*job);
    sync_files();
    for (Item& item : items_) publish(item);
    identity_.restore();
    sync_directories();
    items_.clear();
  }

 private:
  struct Item {
    Job& job;
    std::shared_ptr<Maildir> maildir;
    MaildirFile file;
    bool failed = false;
  };

  void write(Job& job) {
    auto written = try_write(job);
    if (!written) job.outcome = maildir_failure(written.error());
  }

  Result<void> try_write(Job& job) {
    const MailboxDelivery& delivery = job.delivery;
    auto became = identity_.become(delivery.owner);
    if (!became) return became;
    const auto size = content_size(*delivery.message);
    if (!size) return fail(size.error());
    if (delivery.limit > 0 && static_cast<std::int64_t>(delivery.head.size()) + *size > delivery.limit) {
      return fail_errno("error writing message", EFBIG);
    }
    auto maildir = cache_.open(delivery.path, delivery.owner);
    if (!maildir) return fail(maildir.error());
    auto file = (*maildir)->create(host_);
    if (!file && file.error().kind == Errc::not_found) {  // the directory that was held open is gone
      cache_.forget(delivery.path);
      maildir = cache_.open(delivery.path, delivery.owner);
      if (!maildir) return fail(maildir.error());
      file = (*maildir)->create(host_);
    }
    if (!file) return fail(file.error());
    auto written = write_content(file->fd.get(), delivery.head, *delivery.message);
    if (!written) (*maildir)->discard(*file);
    if (written) items_.push_back({job, std::move(*maildir), std::move(*file)});
    return written;
  }

  void sync_files() {
    std::vector<Written> files;
    for (const Item& item : items_) files.push_back({item.file.fd.get(), item.file.device, 0});
    durable_.sync(files);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      items_[i].file.fd.reset();
      if (files[i].problem != 0) give_up(items_[i], fail_errno("sync message", files[i].problem).value());
    }
  }

  void give_up(Item& item, const Error& error) {
    item.failed = true;
    item.job.outcome = maildir_failure(error);
    auto became = identity_.become(item.job.delivery.owner);
    if (became) item.maildir->discard(item.file);
  }

  void publish(Item& item) {
    if (item.failed) return;
    auto published = identity_.become(item.job.delivery.owner);
    if (published) published = item.maildir->publish(item.file);
    if (!published) give_up(item, published.error());
  }

  void sync_directories() {
    std::vector<Written> directories;
    std::vector<std::size_t> which(items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const int fd = items_[i].maildir->new_directory();
      std::size_t at = 0;
      while (at < directories.size() && directories[at].fd != fd) ++at;
      if (at == directories.size()) directories.push_back({fd, items_[i].maildir->device(), 0});
      which[i] = at;
    }
    durable_.sync(directories);
    for (std::size_t i = 0; i < items_.size(); ++i) finish(items_[i], directories[which[i]].problem);
  }

  void finish(Item& item, int problem) {
    if (item.failed) return;
    if (problem == 0) {
      item.job.outcome = Outcome::sent("delivered to maildir");
      return;
    }
    item.job.outcome =
        maildir_failure(fail_errno(concat("sync ", item.maildir->path(), "/new"), problem).value());
    auto became = identity_.become(item.job.delivery.owner);
    if (became) item.maildir->withdraw(item.file);
    identity_.restore();
  }

  const std::string& host_;
  ThreadIdentity identity_;
  MaildirCache cache_;
  Durable durable_;
  std::vector<Item> items_;
};

MailboxWriter::MailboxWriter(net::Loop& loop, std::string host, LockRules rules)
    : loop_(loop), host_(std::move(host)), rules_(rules) {
  for (Queue* queue : {&maildirs_, &large_}) threads_.emplace_back([this, queue] { serve_maildirs(*queue); });
  for (int i = 0; i < kMailboxThreads; ++i) threads_.emplace_back([this] { serve_mailboxes(); });
}

MailboxWriter::~MailboxWriter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  maildirs_.changed.notify_all();
  large_.changed.notify_all();
  mailboxes_.changed.notify_all();
  for (auto& thread : threads_) thread.join();
}

MailboxWriter::Queue& MailboxWriter::queue_for(const MailboxDelivery& delivery) {
  if (!delivery.path.ends_with('/')) return mailboxes_;
  return delivery.message->spool ? large_ : maildirs_;
}

net::Task<Outcome> MailboxWriter::deliver(MailboxDelivery delivery) {
  const auto job = std::make_shared<Job>(loop_, std::move(delivery));
  {
    Queue& queue = queue_for(job->delivery);
    const std::lock_guard lock(mutex_);
    queue.jobs.push_back(job);
    queue.changed.notify_one();
  }
  while (!job->there) {
    const bool arrived =
        co_await job->arrived.wait(Deadline::max());  // the disk answers, or the process ends
    if (!arrived) continue;
  }
  co_return std::move(job->outcome);
}

MailboxWriter::Jobs MailboxWriter::take_batch(Queue& queue) {
  std::unique_lock lock(mutex_);
  queue.changed.wait(lock, [&] { return closing_ || !queue.jobs.empty(); });
  Jobs jobs;
  while (!closing_ && !queue.jobs.empty() && jobs.size() < kMostAtOnce) {
    jobs.push_back(std::move(queue.jobs.front()));
    queue.jobs.pop_front();
  }
  return jobs;
}

std::shared_ptr<MailboxWriter::Job> MailboxWriter::take_mailbox() {
  std::unique_lock lock(mutex_);
  auto& jobs = mailboxes_.jobs;
  auto next = jobs.end();
  mailboxes_.changed.wait(lock, [&] {
    next = std::find_if(jobs.begin(), jobs.end(),
                        [&](const auto& job) { return being_written_.count(job->delivery.path) == 0; });
    return closing_ || next != jobs.end();
  });
  if (closing_) return nullptr;
  auto job = std::move(*next);
  jobs.erase(next);
  being_written_.insert(job->delivery.path);
  return job;
}

void MailboxWriter::report(Jobs jobs) {
  loop_.post_from_thread([jobs = std::move(jobs)] {
    for (const auto& job : jobs) {
      job->there = true;
      job->arrived.notify();
    }
  });
}

void MailboxWriter::serve_maildirs(Queue& queue) {
  block_signals();
  Batch batch(host_);
  for (;;) {
    auto jobs = take_batch(queue);
    if (jobs.empty()) return;
    batch.deliver(jobs);
    report(std::move(jobs));
  }
}

void MailboxWriter::serve_mailboxes() {
  block_signals();
  ThreadIdentity identity;
  for (;;) {
    auto job = take_mailbox();
    if (!job) return;
    deliver_to_mailbox(*job, identity);
    {
      const std::lock_guard lock(mutex_);
      being_written_.erase(job->delivery.path);
    }
    mailboxes_.changed.notify_one();
    report({std::move(job)});
  }
}

void MailboxWriter::deliver_to_mailbox(Job& job, ThreadIdentity& identity) const {
  const MailboxDelivery& what = job.delivery;
  Result<void> done;
  if (what.make) done = make_mbox(what.path, what.owner);
  if (done) done = identity.become(what.owner);
  if (done) {
    const auto head = from_line(what.message->sender, wall_micros()) + what.head;
    done = append_to_mbox(what.path, head, *what.message, what.limit, rules_);
  }
  identity.restore();
  if (done) {
    job.outcome = Outcome::sent("delivered to mailbox");
    return;
  }
  const auto where = concat("cannot update mailbox ", what.path, " for user ", what.user, ". ");
  job.outcome = mailbox_failure(what.trouble.empty() ? where : what.trouble, done.error());
}

}  // namespace postern::deliver
