#include "screen/cache.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/daemon/acting_as.h"
#include "lib/screening/cache_map.h"

namespace postern::screen {

using screening::Database;
using screening::Passes;

namespace {

// How long a result may wait for others to be written with it; it is known in memory at once.
constexpr milliseconds kGather{500};
// The file is seen as it was this long ago at most: to look anew costs more than to look.
constexpr milliseconds kView{50};
constexpr seconds kTallyEvery{10};
constexpr seconds kFirstCleanup{10};
constexpr seconds kLookForCleanup{600};
// A file that could not be read is left alone for a while.
constexpr seconds kAskAgain{60};
// A reader is held up by nobody but for an instant.
constexpr milliseconds kReaderPatience{50};

}  // namespace

Cache::Cache(net::Loop& loop, CacheSetup setup) : loop_(loop), setup_(std::move(setup)) {}

// Who counts may be gone by now.
Cache::~Cache() {
  if (writer_) write_passes();
}

Result<std::unique_ptr<Cache>> Cache::open(net::Loop& loop, const config::ScreenParams& params,
                                           const config::CommonParams& common,
                                           std::function<screening::Tally()> tally) {
  CacheSetup setup;
  setup.map = *params.cache_map;
  setup.data_directory = *common.data_directory;
  setup.owner = *common.mail_owner;
  setup.cleanup_interval = *params.cache_cleanup_interval;
  setup.retention = *params.cache_retention_time;
  setup.tally = std::move(tally);
  return open(loop, std::move(setup));
}

Result<std::unique_ptr<Cache>> Cache::open(net::Loop& loop, CacheSetup setup) {
  std::unique_ptr<Cache> cache(new Cache(loop, std::move(setup)));
  auto opened = cache->open_file();
  if (!opened) return fail(opened.error());
  return cache;
}

Result<void> Cache::open_file() {
  if (setup_.map.empty()) return {};
  const auto map = screening::read_cache_map(setup_.map, setup_.data_directory);
  if (!map) return fail(map.error());
  if (!map->note.empty()) log_info(map->note);
  if (map->file.empty()) return {};
  const auto opened = open_databases(map->file);
  if (!opened) {
    log_warning(concat("cache ", setup_.map,
                       " cannot be used, results are kept in memory alone: ", opened.error().text));
  }
  return {};
}

Result<void> Cache::open_databases(const std::string& file) {
  const auto acting = daemon::ActingAs::become(setup_.owner);
  if (!acting) return fail(acting.error());
  std::string warning;
  auto writer = screening::open_or_begin(file, warning);
  if (!warning.empty()) log_warning(concat("cache ", setup_.map, " ", warning));
  if (!writer) return fail(writer.error());
  auto reader = Database::open(file, Database::Access::read, kReaderPatience);
  if (!reader) return fail(reader.error());
  for_writer_ = std::move(*writer);
  reader_ = std::move(*reader);
  return {};
}

void Cache::start() {
  if (!for_writer_) return;
  writer_ = std::make_unique<CacheWriter>(loop_, std::move(for_writer_), setup_.map);
  tally_due_.arm(loop_.in(kTallyEvery));
  if (setup_.cleanup_interval > seconds(0)) {
    cleanup_due_.arm(loop_.in(std::min(kFirstCleanup, setup_.cleanup_interval)));
  }
}

std::optional<Passes> Cache::find(std::string_view client, screening::TestSet wanted, std::int64_t now) {
  if (setup_.map.empty()) return std::nullopt;
  const Passes* known = recent_.find(client);
  if (known == nullptr || !wanted.without(known->valid(now)).empty()) {
    if (const auto stored = ask_file(client)) known = &recent_.put(client, *stored);
  }
  if (known == nullptr || screening::last_of(*known) + setup_.retention.count() < now) return std::nullopt;
  return *known;
}

std::optional<Passes> Cache::ask_file(std::string_view client) {
  if (!reader_ || loop_.now() < ask_again_) return std::nullopt;
  auto found = reader_->find(client);
  if (!view_due_.is_armed()) view_due_.arm(net::Loop::tick(loop_.in(kView)));
  if (found) return *found;
  if (found.error().kind == Errc::busy) return std::nullopt;
  ask_again_ = loop_.in(kAskAgain);
  log_warning(concat("cache ", setup_.map, " cannot be read: ", found.error().text));
  return std::nullopt;
}

void Cache::end_view() { reader_->end_view(); }

void Cache::record(std::string_view client, const Passes& passes) {
  if (setup_.map.empty()) return;
  const Passes& all = recent_.put(client, passes);
  if (!writer_ || batch_.passes.size() >= CacheWriter::kHeld) return;
  batch_.passes[std::string(client)] = all;
  if (!passes_due_.is_armed()) passes_due_.arm(loop_.in(kGather));
}

void Cache::write_passes() {
  passes_due_.disarm();
  if (!writer_) return;  // servers may still report at the end
  if (batch_.passes.empty() && batch_.tally.empty()) return;
  batch_.hour = wall_seconds() / 3600;
  writer_->write(std::exchange(batch_, {}));
}

void Cache::write_tally() {
  tally_due_.arm(loop_.in(kTallyEvery));
  if (!setup_.tally) return;
  batch_.tally.add(setup_.tally());
  write_passes();
}

void Cache::clean() {
  cleanup_due_.arm(loop_.in(std::min(kLookForCleanup, setup_.cleanup_interval)));
  writer_->clean(setup_.cleanup_interval, setup_.retention);
}

net::Task<void> Cache::finish() {
  if (!writer_) co_return;
  write_tally();
  write_passes();
  tally_due_.disarm();
  cleanup_due_.disarm();
  co_await writer_->finish();
  writer_.reset();
}

}  // namespace postern::screen
