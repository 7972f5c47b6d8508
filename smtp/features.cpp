#include "smtp/features.h"

#include "lib/base/text.h"

namespace postern::smtp {

namespace {

void read_size(Features& features, const std::vector<std::string_view>& words) {
  features.size = true;
  if (words.size() < 2) return;
  const auto limit = parse_number(words[1]);
  features.size_limit = limit ? static_cast<std::uint64_t>(*limit) : 0;
}

// "AUTH PLAIN LOGIN", and in the form of old servers "AUTH=PLAIN LOGIN".
void read_mechanisms(Features& features, const std::vector<std::string_view>& words) {
  features.auth = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto word = i == 0 ? words[0].substr(std::min<std::size_t>(words[0].size(), 5)) : words[i];
    if (!word.empty()) features.mechanisms.push_back(upper(word));
  }
}

void read_line(Features& features, std::string_view line, const Keywords& ignored) {
  const auto words = split_words(line, " \t");
  if (words.empty()) return;
  std::string keyword = lower(words[0]);
  if (keyword.starts_with("auth=")) keyword.resize(4);
  if (keyword == "starttls") features.starttls_ignored = ignored.contains(keyword);
  if (ignored.contains(keyword)) return;
  if (keyword == "pipelining") features.pipelining = true;
  if (keyword == "8bitmime") features.eight_bit = true;
  if (keyword == "dsn") features.dsn = true;
  if (keyword == "smtputf8") features.smtputf8 = true;
  if (keyword == "starttls") features.starttls = true;
  if (keyword == "size") read_size(features, words);
  if (keyword == "auth") read_mechanisms(features, words);
  if (keyword == "xforward") {
    for (std::size_t i = 1; i < words.size(); ++i) features.xforward.push_back(upper(words[i]));
  }
}

}  // namespace

Keywords keywords_of(std::string_view text) {
  Keywords all;
  for (const auto word : split_words(text)) all.insert(lower(word));
  return all;
}

Features read_features(const wire::Reply& reply, const Keywords& ignored) {
  Features features;
  features.esmtp = true;
  if (!reply.lines.empty()) {
    const auto words = split_words(reply.lines[0], " \t");
    if (!words.empty()) features.name = words[0];
  }
  for (std::size_t i = 1; i < reply.lines.size(); ++i) read_line(features, reply.lines[i], ignored);
  return features;
}

}  // namespace postern::smtp
