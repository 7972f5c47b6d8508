#include "smtpd/restriction.h"

#include <doctest/doctest.h>

#include <string>

#include "lib/config/restrictions.h"

using namespace postern;
using namespace postern::smtpd;

TEST_CASE("what is said to be obeyed is obeyed, and nothing else") {
  for (const auto& word : config::restriction_words()) {
    CAPTURE(std::string(word.name));
    config::List words{std::string(word.name)};
    if (word.argument != config::Argument::none) words.push_back("static:OK");
    const auto parsed = parse_restrictions("smtpd_recipient_restrictions", words);
    REQUIRE_FALSE(parsed.empty());
    CHECK((parsed.front().word != Word::misconfigured) == word.is_here);
  }
}
