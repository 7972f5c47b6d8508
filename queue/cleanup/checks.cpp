#include "queue/cleanup/checks.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/content_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/net/wait.h"
#include "queue/cleanup/inspection.h"
#include "queue/cleanup/spool_editor.h"

namespace postern::cleanup {

namespace {

constexpr std::size_t index_of(mail::MimePiece::Kind kind) { return static_cast<std::size_t>(kind); }

// All pieces that are there, one after the other.
net::Task<bool> take_all(Inspection& inspection, mail::MimeReader& reader, std::string& out) {
  for (auto piece = reader.next(); piece; piece = reader.next()) {
    const bool fine = co_await inspection.take(*piece, out);
    if (!fine) co_return false;
  }
  co_return true;
}

}  // namespace

Result<std::unique_ptr<Checks>> Checks::open(const config::Settings& settings) {
  std::unique_ptr<Checks> checks(new Checks);
  auto loaded = checks->load(settings);
  if (!loaded) return fail(loaded.error());
  return checks;
}

Result<void> Checks::load(const config::Settings& settings) {
  config::CleanupParams params;
  config::ContentParams content;
  config::LimitParams sizes;
  for (config::ParamGroup* group : std::initializer_list<config::ParamGroup*>{&params, &content, &sizes}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  using Kind = mail::MimePiece::Kind;
  const struct {
    Kind kind;
    const config::Param<std::string>& param;
    std::string_view name;
  } tables[] = {{Kind::primary_field, params.header_checks, "header_checks"},
                {Kind::mime_field, content.mime_header_checks, "mime_header_checks"},
                {Kind::nested_field, content.nested_header_checks, "nested_header_checks"},
                {Kind::body, params.body_checks, "body_checks"}};
  for (const auto& [kind, param, name] : tables) {
    auto opened = table::Maps::open(name, *param);
    if (!opened) return fail(opened.error());
    maps_[index_of(kind)] = {std::move(*opened), name};
    any_ = any_ || !maps_[index_of(kind)].maps.empty();
  }
  limits_.field = static_cast<std::size_t>(*sizes.header_size_limit);
  limits_.line = static_cast<std::size_t>(*sizes.line_length_limit);
  limits_.boundary = static_cast<std::size_t>(*content.mime_boundary_length_limit);
  limits_.nesting = static_cast<std::size_t>(*content.mime_nesting_limit);
  limits_.structure = !*content.disable_mime_input_processing;
  body_limit_ = static_cast<std::size_t>(*params.body_checks_size_limit);
  refused_ = unescape(*content.message_reject_characters);
  stripped_ = unescape(*content.message_strip_characters);
  any_ = any_ || !refused_.empty() || !stripped_.empty();
  return {};
}

// The tables that are to judge a piece; nullptr: none.
const Checks::Map* Checks::map_for(const mail::MimePiece& piece) const {
  using Kind = mail::MimePiece::Kind;
  if (piece.kind == Kind::other) return nullptr;
  if (piece.kind == Kind::body && body_limit_ != 0 && piece.at >= body_limit_) return nullptr;
  const Map& map = maps_[index_of(piece.kind)];
  return map.maps.empty() ? nullptr : &map;
}

bool Checks::look_into_bodies() const {
  using Kind = mail::MimePiece::Kind;
  const auto wanted = [&](Kind kind) { return !maps_[index_of(kind)].maps.empty(); };
  return wanted(Kind::body) || !refused_.empty() || !stripped_.empty() ||
         (limits_.structure && (wanted(Kind::mime_field) || wanted(Kind::nested_field)));
}

net::Task<Result<Verdict>> Checks::apply(net::Loop& loop, Content& content, const Told& told) const {
  Inspection inspection(*this, told);
  const std::string given = std::exchange(content.received, {});
  mail::MimeReader ours(limits_);
  ours.feed(given);
  ours.finish();
  bool fine = co_await take_all(inspection, ours, content.received);
  if (!fine) co_return std::move(inspection.verdict());
  mail::MimeReader reader(limits_);
  std::string clean;
  if (!inspection.clean(content.text, clean)) co_return std::move(inspection.verdict());
  const bool goes_on = content.spool >= 0 && look_into_bodies();
  reader.feed(clean);
  if (!goes_on) reader.finish();
  content.text.clear();
  fine = co_await take_all(inspection, reader, content.text);
  if (fine && goes_on) {
    auto done = co_await apply_to_spool(loop, content, inspection, reader);
    if (!done) co_return fail(done.error());
  }
  co_return std::move(inspection.verdict());
}

// A piece that begins in memory and ends in the file moves to where it begins.
net::Task<Result<void>> Checks::apply_to_spool(net::Loop& loop, Content& content, Inspection& inspection,
                                               mail::MimeReader& reader) const {
  SpoolEditor editor(content.spool);
  const bool moved = reader.unread() > 0;
  bool moving = moved;
  const auto changes = inspection.changes();
  std::string clean;
  for (bool more = true; more;) {
    auto block = editor.read();
    if (!block) co_return fail(block.error());
    more = !block->empty();
    if (!more) reader.finish();
    if (!inspection.clean(*block, clean)) break;
    reader.feed(clean);
    if (moving) {
      auto first = reader.next();
      moving = !first;
      if (first) {
        const bool fine = co_await inspection.take(*first, content.text);
        if (!fine) break;
      }
    }
    const bool fine = co_await take_all(inspection, reader, editor.out());
    if (!fine || inspection.verdict().discard) break;
    const bool changed = moved || inspection.changes() != changes;
    auto written = more ? editor.write(changed, reader.unread()) : editor.finish(changed);
    if (!written) co_return fail(written.error());
    co_await net::next_turn(loop);
  }
  content.growth = editor.growth();
  co_return Result<void>();
}

}  // namespace postern::cleanup
