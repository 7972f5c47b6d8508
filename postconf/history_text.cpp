#include "postconf/history_text.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace postern::postconf {

namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

constexpr std::string_view kStart = "{\"number\": ";

// Each byte as the character of its number.
std::string widened(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xc0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return text;
}

std::string narrowed(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_wide = (byte & 0xfe) == 0xc2 && i + 1 < text.size();
    bytes += is_wide ? static_cast<char>(((byte & 3) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3f))
                     : text[i];
  }
  return bytes;
}

bool is_text(const Texts& lines) {
  return std::all_of(lines.begin(), lines.end(), [](const auto& l) { return is_utf8(l); });
}

std::string texts_json(const Texts& lines, bool plain) {
  JsonArray array;
  for (const auto& line : lines) array.put(json_string(plain ? line : widened(line)));
  return array.text();
}

std::string hunk_json(const config::Hunk& hunk) {
  const bool plain = is_text(hunk.removed) && is_text(hunk.added) && is_utf8(hunk.context);
  JsonObject object;
  object.add_number("before", static_cast<std::int64_t>(hunk.before));
  object.add_number("after", static_cast<std::int64_t>(hunk.after));
  object.put("removed", texts_json(hunk.removed, plain)).put("added", texts_json(hunk.added, plain));
  object.add("context", plain ? hunk.context : widened(hunk.context));
  if (!plain) object.put("bytes", "true");
  return object.text();
}

std::string file_json(const FileEdit& edit) {
  JsonArray hunks;
  for (const auto& hunk : edit.hunks) hunks.put(hunk_json(hunk));
  JsonObject object;
  object.add("file", edit.file).add("before", edit.before).add("after", edit.after);
  return object.put("hunks", hunks.text()).text();
}

Texts texts_of(const Json& json, bool plain) {
  Texts texts;
  for (const auto& one : json) {
    auto text = one.get<std::string>();
    texts.push_back(plain ? std::move(text) : narrowed(text));
  }
  return texts;
}

// Throws on what is no whole number, which get() would turn into one.
// A number beyond all that we write is as good as the largest one: it fits nothing.
std::size_t number_in(const Json& json) {
  constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
  return std::min<std::size_t>(json.get_ref<const Json::number_unsigned_t&>(), kLargest);
}

config::Hunk hunk_of(const Json& json) {
  const bool plain = !json.value("bytes", false);
  config::Hunk hunk;
  hunk.before = number_in(json.at("before"));
  hunk.after = number_in(json.at("after"));
  hunk.removed = texts_of(json.at("removed"), plain);
  hunk.added = texts_of(json.at("added"), plain);
  const auto context = json.at("context").get<std::string>();
  hunk.context = plain ? context : narrowed(context);
  return hunk;
}

FileEdit file_of(const Json& json) {
  FileEdit edit;
  edit.file = json.at("file").get<std::string>();
  edit.before = json.at("before").get<std::string>();
  edit.after = json.at("after").get<std::string>();
  for (const auto& hunk : json.at("hunks")) edit.hunks.push_back(hunk_of(hunk));
  return edit;
}

}  // namespace

std::string line_of(const Record& record) {
  JsonArray undoes, files, command;
  for (const auto number : record.undoes) undoes.put(std::to_string(number));
  for (const auto& word : record.command) command.put(json_string(word));
  for (const auto& file : record.files) files.put(file_json(file));
  JsonObject object;
  object.add_number("number", static_cast<std::int64_t>(record.number));
  object.add("time", record.time).add("user", record.user).put("command", command.text());
  return object.put("undoes", undoes.text()).put("files", files.text()).text();
}

// The library throws on what has another shape: then it is no record.
std::optional<Record> record_of(std::string_view line) {
  const auto json = Json::parse(line, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  try {
    Record record;
    record.number = number_in(json.at("number"));
    record.time = json.at("time").get<std::string>();
    record.user = json.at("user").get<std::string>();
    record.command = json.at("command").get<Texts>();
    for (const auto& one : json.at("undoes")) record.undoes.push_back(number_in(one));
    for (const auto& file : json.at("files")) record.files.push_back(file_of(file));
    return record;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::size_t number_of(std::string_view line) {
  if (!line.starts_with(kStart)) return 0;
  line.remove_prefix(kStart.size());
  return static_cast<std::size_t>(parse_number(line.substr(0, line.find(','))).value_or(0));
}

}  // namespace postern::postconf
