// pickup: takes what was submitted on this host from maildrop/ into the queue, each letter once. A file gets its queue
// id, and a name that holds it, before cleanup sees the letter; qmgr remembers that id until the file is gone. So it
// may be asked again after any crash, and whatever became of the letter since.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/config/overrides.h"
#include "lib/daemon/service.h"
#include "lib/ipc/client.h"
#include "lib/mail/queue_id.h"
#include "lib/net/scope.h"
#include "lib/net/workers.h"
#include "queue/pickup/letter.h"

namespace postern::pickup {

class Pickup : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  void started() override;
  net::Task<void> serve(net::Accepted connection) override;
  void wakeup() override;
  bool is_idle() const override { return !looking_; }
  void leave(daemon::Leave why) override;
  net::Task<void> finish() override;

 private:
  // A letter that is on its way.
  struct Work {
    LetterFile letter;
    mail::QueueId id;
    std::string name;          // of the file, below maildrop/
    bool seen_before = false;  // it had its queue id already: it may be in the queue
    bool done = false;         // the file can go
  };
  using Batch = std::vector<std::unique_ptr<Work>>;

  net::Task<void> look();
  net::Task<void> look_once();
  Batch next_batch(DIR* directory);
  std::unique_ptr<Work> take_up(const std::string& name);
  std::unique_ptr<Work> give_id(const std::string& name, LetterFile letter);
  void refuse(const std::string& name, const Error& error);
  void remove_stale(const std::string& name) const;
  net::Task<void> take_in(Batch& batch);
  net::Task<void> submit(Work& work);
  net::Task<bool> is_taken(const Work& work, bool& known);
  net::Task<Result<void>> spool(Work& work, ipc::Submit& submit, std::int64_t rest);
  net::Task<void> answered(Work& work, const ipc::Submit& submit, const ipc::Outcome& outcome);
  net::Task<bool> return_to_sender(const Work& work, const ipc::Submit& submit, const ipc::Outcome& outcome);
  net::Task<bool> sync();
  void put_off(const Work& work, std::string_view why);
  std::string id_text(mail::QueueId id) const;

  daemon::Context* context_ = nullptr;
  std::string origin_;
  config::Overrides overrides_;
  std::string filter_;  // content_filter
  bool long_ids_ = false;
  std::int64_t inline_limit_ = 0;
  std::size_t header_limit_ = 0;
  std::optional<mail::QueueIdSource> ids_;
  std::optional<ipc::Client> cleanup_, qmgr_, bounce_;
  std::optional<net::Workers> workers_;
  bool looking_ = false;  // through maildrop/
  bool again_ = false;    // something may have come since
  bool leaving_ = false;
  std::size_t put_off_ = 0;  // letters of this look that must wait
  std::optional<net::Scope> scope_;
};

}  // namespace postern::pickup
