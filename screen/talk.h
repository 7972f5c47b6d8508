// What a visit needs besides while screen speaks with the client.
#pragma once

#include <string>

#include "lib/net/stream.h"
#include "screen/clients.h"
#include "screen/dialogue.h"
#include "screen/judgement.h"
#include "screen/shared.h"

namespace postern::screen {

// The ends of a connection.
struct Link {
  End client, server;

  Ends ends() const {
    return {client.text(), std::to_string(client.port), server.text(), std::to_string(server.port)};
  }
};

struct Talk {
  Talk(Shared& shared, Fd fd, const Link& link, Speech speech, TestSet to_do)
      : ends(link.ends()),
        stream(shared.loop, std::move(fd)),
        dialogue(*shared.setup.dialogue, speech, to_do, ends) {}

  Ends ends;
  net::Stream stream;
  Dialogue dialogue;
  std::string pending;  // the line that a server is to answer, with its ending
};

// The end of a session: PASS in the log if all is passed, and what is worth it in the cache. `found`: the tests whose results
// are new, for the statistics.
void keep_results(Shared& shared, const End& client, const Clients::Hold& known, const Judgement& judgement,
                  TestSet found);

}  // namespace postern::screen
