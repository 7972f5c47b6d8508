#include <doctest/doctest.h>

#include "commands/postcat/options.h"
#include "commands/postqueue/options.h"
#include "commands/postsuper/options.h"

using namespace postern::commands;
using Words = std::vector<std::string>;

TEST_CASE("postqueue does one thing at a time") {
  const struct {
    Words words;
    QueueVerb verb;
  } table[] = {{{"-p"}, QueueVerb::table},
               {{"-vp", "-c", "/etc/x"}, QueueVerb::table},
               {{"-j"}, QueueVerb::json},
               {{"--json", "--where", "id=1", "--first=3"}, QueueVerb::json},
               {{"--where", "id=1"}, QueueVerb::text},
               {{"--first", "5"}, QueueVerb::text},
               {{"--long"}, QueueVerb::text},
               {{"-p", "--where", "id=1"}, QueueVerb::table},
               {{"--shape", "--json", "--by", "reason", "--linear"}, QueueVerb::shape},
               {{"-f"}, QueueVerb::flush},
               {{"-f", "--where", "id=1"}, QueueVerb::flush},
               {{"-iABC"}, QueueVerb::flush_id},
               {{"-s", "[192.0.2.1]"}, QueueVerb::flush_site},
               {{"-s", "Example.COM"}, QueueVerb::flush_site}};
  for (const auto& row : table) {
    const auto request = parse_queue_request(row.words);
    if (!request) FAIL_CHECK(row.words.front() << ": " << request.error().text);
    if (request) CHECK(request->verb == row.verb);
  }
  for (const Words& words : {Words{},
                             {"-pf"},
                             {"-p", "-j"},
                             {"-v"},
                             {"-p", "x"},
                             {"-x"},
                             {"--first", "3x"},
                             {"-s", "-x"},
                             {"-s", ""},
                             {"-i", "x/y"},
                             {"--by", "reason"},
                             {"-i", "ABC", "--where", "id=1"},
                             {"-f", "--first", "1"},
                             {"-p", "--where", "x"},
                             {"--where"}}) {
    CHECK_FALSE(parse_queue_request(words));
  }
  CHECK(parse_queue_request({"-s", "Example.COM"})->site == "example.com");
}

TEST_CASE("postsuper takes its options in their order, and a condition in place of a queue id") {
  const auto request = parse_super_request({"-d", "A", "-h", "-", "-r", "ALL", "-vps", "hold", "deferred"});
  REQUIRE(request);
  REQUIRE(request->actions.size() == 3);
  CHECK(request->actions[0].remedy == Remedy::remove);
  CHECK(request->actions[0].id == "A");
  CHECK(request->actions[1].of == SuperAction::Of::from_input);
  CHECK(request->actions[2].of == SuperAction::Of::all);
  CHECK(request->queues == Words{"hold", "deferred"});
  for (const Words& words : {Words{"-d", "--where", "id = 1"},
                             {"-d", "--where=id = 1"},
                             {"--delete", "--where", "id = 1"},
                             {"-d", "ALL", "--where", "id = 1"},
                             {"--where", "id = 1", "-d", "ALL"}}) {
    const auto found = parse_super_request(words);
    if (!found) FAIL(found.error().text);
    CHECK(found->where == "id = 1");
    REQUIRE(found->actions.size() == 1);
    CHECK(found->actions[0].of == SuperAction::Of::all);
  }
  for (const Words& words : {Words{"-d"},
                             {"-d", "--where"},
                             {"--delete"},
                             {"--where", "id=1"},
                             {"-d", "ALL", "elsewhere"},
                             {"-d", "A", "--where", "id=1"},
                             {"-d", "ALL", "--where", " "},
                             {"-q"}}) {
    CHECK_FALSE(parse_super_request(words));
  }
}

TEST_CASE("postcat shows all of a message unless a part is named") {
  const auto all = parse_cat_request({"-q", "ABC", "DEF"});
  REQUIRE(all);
  CHECK((all->envelope && all->header && all->body));
  CHECK(all->ids == std::vector<std::int64_t>{0xabc, 0xdef});
  const auto part = parse_cat_request({"-bhq", "ABC"});
  REQUIRE(part);
  CHECK((!part->envelope && part->header && part->body));
  CHECK_FALSE(parse_cat_request({"-q"}));
  CHECK(parse_cat_request({"/dev/null"}).error().text ==
        "/dev/null: messages are no files of their own here: name a queue id");
}
