#include "smtp/history.h"

#include <functional>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/daemon/acting_as.h"

namespace postern::smtp {

using history::TlsHistory;
using history::TlsKey;
using history::TlsRecord;

namespace {

// The time of the last good session is written this often.
constexpr std::int64_t kRefresh = 6 * 3600;
constexpr Duration kCleanEvery = std::chrono::hours(1);
constexpr milliseconds kReaderPatience{50};
constexpr seconds kMostAtEnd{3};
constexpr std::size_t kMostWaiting = 10'000;
constexpr std::string_view kStandings[] = {"Untrusted", "Trusted", "Verified"};

std::int64_t now_seconds() { return wall_micros() / 1'000'000; }

std::string_view standing_word(int standing) {
  return kStandings[standing < 0 || standing > 2 ? 0 : standing];
}

// What is less than it was; empty: nothing. Records of other demands say only that there was TLS.
std::string shortfall(const TlsRecord& known, const TlsSeen& seen) {
  const std::string before =
      concat(", but had ", standing_word(known.standing), " ", known.protocol, " before");
  if (seen.protocol.empty()) return concat(seen.without, before);
  if (known.asked != seen.asked) return {};
  if (seen.protocol < known.protocol) return concat("speaks ", seen.protocol, before);
  if (seen.standing < known.standing)
    return concat("shows an ", lower(standing_word(seen.standing)), " certificate", before);
  return {};
}

}  // namespace

History::History(net::Loop& loop, const Setup& setup) : loop_(loop), setup_(setup), scope_(loop) {}

std::unique_ptr<History> History::open(net::Loop& loop, const Setup& setup, const std::string& owner) {
  const std::string& path = *setup.tls.tls_history_database;
  if (path.empty()) return nullptr;
  std::unique_ptr<History> made(new History(loop, setup));
  const auto opened = made->open_files(path, owner);
  if (opened) return made;
  log_warning(concat(setup.tls.tls_history_database.name(),
                     ": cannot be used, downgrades of TLS go unnoticed: ", opened.error().text));
  return nullptr;
}

Result<void> History::open_files(const std::string& path, const std::string& owner) {
  const auto acting = daemon::ActingAs::become(owner);
  if (!acting) return fail(acting.error());
  std::string warning;
  auto writer = TlsHistory::open_or_begin(path, warning);
  if (!warning.empty()) log_warning(concat(setup_.tls.tls_history_database.name(), ": ", warning));
  if (!writer) return fail(writer.error());
  auto reader = TlsHistory::open(path, TlsHistory::Access::read, kReaderPatience);
  if (!reader) return fail(reader.error());
  writer_ = std::move(*writer);
  reader_ = std::move(*reader);
  return {};
}

std::optional<std::string> History::judge(const Destination& destination, const Host& host,
                                          const TlsSeen& seen) {
  const TlsKey key(lower(destination.text), concat(lower(host.name), ":", host.endpoint.port()));
  const std::int64_t now = now_seconds();
  const auto found = find(key);
  if (!found) return std::nullopt;  // what cannot be read is not replaced by less
  const auto& known = *found;
  const bool is_better = !seen.protocol.empty();
  const TlsRecord today{seen.protocol, seen.standing, seen.asked, now, 0};
  if (!known) {
    if (is_better) note(key, today);
    return std::nullopt;
  }
  std::string less = shortfall(*known, seen);
  if (less.empty()) {
    const bool is_news = known->protocol != seen.protocol || known->standing != seen.standing ||
                         known->asked != seen.asked || known->weaker_since != 0 || known->seen > now ||
                         now - known->seen > kRefresh;
    if (is_news) note(key, today);
    return std::nullopt;
  }
  TlsRecord record = *known;
  // A clock that was wrong for a while must not keep a letter until then.
  if (record.weaker_since <= 0 || record.weaker_since > now) {
    record.weaker_since = now;
    note(key, record);
  }
  if (now - record.weaker_since < setup_.tls.tls_downgrade_time_limit->count()) return less;
  log_info(concat("TLS history: ", host.relay(), " ", less, ", for so long that it is taken as it is"));
  note(key, is_better ? std::optional(today) : std::nullopt);
  return std::nullopt;
}

Result<std::optional<TlsRecord>> History::find(const TlsKey& key) {
  std::optional<TlsRecord> known;
  if (const auto waits = waiting_.find(key); waits != waiting_.end()) {
    known = waits->second;
  } else if (const auto goes = under_way_.find(key); goes != under_way_.end()) {
    known = goes->second;
  } else {
    auto found = reader_->find(key);
    if (!found && found.error().kind != Errc::busy) trouble(found.error());
    if (!found) return found;
    known = std::move(*found);
  }
  const std::int64_t limit = setup_.tls.tls_history_time_limit->count();
  if (known && known->seen < now_seconds() - limit) known.reset();
  return known;
}

void History::note(const TlsKey& key, std::optional<TlsRecord> record) {
  if (waiting_.size() >= kMostWaiting && !waiting_.contains(key)) return;
  waiting_[key] = std::move(record);
  if (is_writing_) return;
  is_writing_ = true;
  if (!workers_) workers_ = std::make_unique<net::Workers>(loop_, 1);
  scope_.spawn(write());
}

net::Task<void> History::write() {
  while (!waiting_.empty()) {
    under_way_ = std::exchange(waiting_, {});
    const bool cleans = loop_.now() >= clean_next_;
    if (cleans) clean_next_ = loop_.now() + kCleanEvery;
    const std::int64_t oldest = cleans ? now_seconds() - setup_.tls.tls_history_time_limit->count() : 0;
    std::function<Result<void>()> work = [file = writer_, changes = under_way_, oldest] {
      auto done = file->store(changes);
      return done && oldest > 0 ? file->clean(oldest) : done;
    };
    auto stored = co_await workers_->run(std::move(work));
    if (!stored) trouble(stored.error());
    if (stored) in_trouble_ = false;
    under_way_.clear();
  }
  is_writing_ = false;
}

void History::trouble(const Error& error) {
  if (!in_trouble_) log_warning(concat(setup_.tls.tls_history_database.name(), ": ", error.text));
  in_trouble_ = true;
}

net::Task<void> History::finish() {
  const bool written = co_await scope_.drained(loop_.in(kMostAtEnd));
  if (!written) log_warning(concat(setup_.tls.tls_history_database.name(), ": the last changes are lost"));
}

}  // namespace postern::smtp
