// Threads that deliver to mailboxes. Deliveries to maildirs that wait at the same time are made durable together:
// all files are written, then all are synced, then all are renamed, then the directories are synced, and only then
// is any of them reported. One that is alone is done at once; nothing waits for company.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "deliver/common/agent.h"
#include "deliver/common/identity.h"
#include "deliver/common/mbox_lock.h"
#include "deliver/common/outcome.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"
#include "lib/net/wait.h"

namespace postern::deliver {

struct MailboxDelivery {
  MessagePtr message;
  std::string head;  // header lines to go in front of the content
  std::string path;  // absolute; with a final slash a maildir, otherwise a mailbox file
  std::string user;  // whose it is, for error texts
  std::string
      trouble;  // what stands before the reason when a mailbox file cannot be written; empty: the usual text
  Owner owner;  // whose rights to use
  bool make = false;       // root makes the mailbox file, if it is missing: the owner could not
  std::int64_t limit = 0;  // bytes of a message in a maildir, or of a mailbox file; 0: none
};

class MailboxWriter {
 public:
  // `host` becomes part of file names in maildirs. The threads start here. The writer must die before the loop.
  MailboxWriter(net::Loop& loop, std::string host, LockRules rules);
  // Waits for what is being written; the rest is dropped.
  ~MailboxWriter();
  MailboxWriter(const MailboxWriter&) = delete;
  MailboxWriter& operator=(const MailboxWriter&) = delete;

  // Delivers; the outcome is there when the message is on disk, or nothing of it is left. When the task is
  // cancelled the delivery may still happen.
  net::Task<Outcome> deliver(MailboxDelivery delivery);

 private:
  class Batch;
  // Owned by the coroutine, which may be cancelled, and by the thread.
  struct Job {
    Job(net::Loop& loop, MailboxDelivery what) : delivery(std::move(what)), arrived(loop) {}
    MailboxDelivery delivery;
    Outcome outcome;
    net::Event arrived;
    bool there = false;
  };
  using Jobs = std::vector<std::shared_ptr<Job>>;
  struct Queue {
    std::deque<std::shared_ptr<Job>> jobs;
    std::condition_variable changed;
  };

  void serve_maildirs(Queue& queue);
  Queue& queue_for(const MailboxDelivery& delivery);
  void serve_mailboxes();
  // Waits for jobs for maildirs, a batch; none when the writer closes.
  Jobs take_batch(Queue& queue);
  // Waits for a job for a mailbox file that no thread is writing to; nothing when the writer closes.
  std::shared_ptr<Job> take_mailbox();
  void deliver_to_mailbox(Job& job, ThreadIdentity& identity) const;
  void report(Jobs jobs);

  net::Loop& loop_;
  const std::string host_;
  const LockRules rules_;
  std::mutex mutex_;  // guards what follows, but for the threads
  Queue maildirs_;
  Queue large_;  // for maildirs too
  Queue mailboxes_;
  std::set<std::string> being_written_;  // mailbox files
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace postern::deliver
