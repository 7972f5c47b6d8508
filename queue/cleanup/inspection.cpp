#include "queue/cleanup/inspection.h"

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace postern::cleanup {

void Inspection::log(std::string_view word, const Line& line, std::string_view text) const {
  std::string out =
      concat(told_.id, ": ", word, ": ", line.context, ' ', printable(line.text, 200), ' ', told_.who);
  if (!text.empty()) out += concat(": ", text);
  log_info(out);
}

// The text of a reply has its enhanced code in front.
bool Inspection::refuse(int code, std::string_view reply) {
  const auto blank = reply.find(' ');
  ipc::Outcome& outcome = verdict_.refusal.emplace();
  outcome.code = code;
  outcome.dsn = reply.substr(0, blank);
  outcome.text = reply.substr(blank + 1);
  return false;
}

bool Inspection::clean(std::string_view given, std::string& cleaned) {
  cleaned = given;
  if (passed_) return true;
  const auto bad = given.find_first_of(checks_.refused_);
  if (bad != std::string_view::npos) {
    const auto begin = given.rfind('\n', bad) + 1;
    const auto line = given.substr(begin, given.find('\n', bad) - begin);
    log("reject", {"content", line, false}, "5.7.1 disallowed character");
    return refuse(550, "5.7.1 disallowed character");
  }
  if (checks_.stripped_.empty()) return true;
  std::erase_if(cleaned, [&](char c) { return checks_.stripped_.find(c) != std::string::npos; });
  if (cleaned.size() != given.size()) ++changes_;
  return true;
}

net::Task<bool> Inspection::take(const mail::MimePiece& piece, std::string& out) {
  const auto* map = passed_ ? nullptr : checks_.map_for(piece);
  if (map == nullptr) {
    out += piece.raw;
    co_return true;
  }
  auto found = co_await map->maps.lookup(piece.text);
  if (!found) {
    log_warning(found.error().text);
    log_warning(
        concat(told_.id, ": ", map->name, " map lookup problem -- message not accepted, try again later"));
    co_return refuse(451, "4.3.0 Error: queue file write error");
  }
  if (!*found) {
    out += piece.raw;
    co_return true;
  }
  const bool field = piece.kind != mail::MimePiece::Kind::body;
  const Line line{field ? "header" : "body", piece.text, field};
  const Action action = parse_action(**found, map->name, field);
  co_return act(action, line, piece, out);
}

// A line of the administrator's, with the line end of the one that it comes with.
void Inspection::put(std::string_view text, const mail::MimePiece& piece, std::string& out) {
  out += text;
  if (piece.raw.ends_with('\n') || !text.empty()) out += '\n';
  ++changes_;
}

bool Inspection::act(const Action& action, const Line& line, const mail::MimePiece& piece, std::string& out) {
  using Kind = Action::Kind;
  const bool drops = action.kind == Kind::ignore || action.kind == Kind::strip;
  if (action.kind == Kind::prepend || action.kind == Kind::replace) put(action.text, piece, out);
  if (drops) ++changes_;
  if (!drops && action.kind != Kind::replace) out += piece.raw;
  switch (action.kind) {
    case Kind::dunno:
    case Kind::ignore: break;
    case Kind::unknown: log_warning(concat(told_.id, ": ", action.problem)); break;
    case Kind::warn: log("warning", line, action.text); break;
    case Kind::info: log("info", line, action.text); break;
    case Kind::strip: log("strip", line, action.text); break;
    case Kind::prepend: log("prepend", line, action.text); break;
    case Kind::replace: log("replace", line, action.text); break;
    case Kind::filter:
      log("filter", line, action.text);
      verdict_.filter = action.text;
      break;
    case Kind::redirect:
      log("redirect", line, action.text);
      verdict_.redirect = action.text;
      break;
    case Kind::bcc:
      log("bcc", line, action.text);
      verdict_.copies.emplace_back(action.text);
      break;
    case Kind::hold:
      if (!verdict_.hold) log("hold", line, action.text);
      verdict_.hold = true;
      break;
    case Kind::discard:
      log("discard", line, action.text);
      verdict_.discard = true;
      passed_ = true;
      break;
    case Kind::pass:
      log("pass", line, action.text);
      passed_ = true;
      break;
    case Kind::reject: {
      const std::string reply = rejection(action.text);
      log("reject", line, reply);
      return refuse(reply.starts_with('4') ? 451 : 550, reply);
    }
  }
  return true;
}

}  // namespace postern::cleanup
