// socketmap: and tcp: tables: a server is asked.
#include "lib/base/text.h"
#include "lib/table/composed.h"
#include "lib/table/openers.h"
#include "lib/table/opening.h"
#include "lib/table/server_link.h"
#include "lib/table/server_replies.h"

namespace postern::table {

namespace {

net::Task<Result<std::string>> read_netstring(net::Stream& stream, Deadline deadline) {
  std::string text;
  std::optional<NetstringHead> head;
  for (;;) {
    auto bytes = co_await stream.read_some(deadline);
    if (!bytes) co_return fail(bytes.error());
    text += *bytes;
    if (!head) {
      auto parsed = parse_netstring_head(text);
      if (!parsed) co_return fail(parsed.error());
      head = *parsed;
    }
    if (!head || text.size() < head->head + head->length + 1) continue;
    if (text[head->head + head->length] != ',' || text.size() > head->head + head->length + 1) {
      co_return fail(Errc::invalid, "malformed reply: no netstring");
    }
    co_return text.substr(head->head, head->length);
  }
}

net::Task<Result<std::string>> read_reply_line(net::Stream& stream, Deadline deadline) {
  auto line = co_await stream.read_line(kLongestTcpLine, deadline);
  if (!line) co_return fail(line.error());
  co_return std::string(line->text);
}

class Socketmap : public Table {
 public:
  Socketmap(std::string name, std::string map, net::Loop& loop, std::vector<net::Endpoint> endpoints)
      : Table(std::move(name), KeyForm::pattern), map_(std::move(map)), link_(loop, std::move(endpoints)) {}

  net::Task<Found> lookup(std::string_view key) override {
    auto request = netstring(concat(map_, ' ', key));
    auto reply = co_await link_.ask(std::move(request), read_netstring);
    if (!reply) co_return fail(reply.error());
    co_return parse_socketmap_reply(*reply);
  }

 private:
  std::string map_;
  ServerLink link_;
};

class Tcp : public Table {
 public:
  Tcp(std::string name, net::Loop& loop, std::vector<net::Endpoint> endpoints)
      : Table(std::move(name)), link_(loop, std::move(endpoints)) {}

  net::Task<Found> lookup(std::string_view key) override {
    auto request = tcp_request(key);
    if (!request) co_return Found(std::nullopt);  // as Postfix: no server has such a key
    auto reply = co_await link_.ask(std::move(*request), read_reply_line);
    if (!reply) co_return fail(reply.error());
    co_return parse_tcp_reply(*reply);
  }

 private:
  ServerLink link_;
};

// Where the server is; empty where there is no loop, in a tool that only checks names.
Result<std::vector<net::Endpoint>> endpoints_of(const std::string& name, std::string_view server) {
  const auto bad = [&](const Error& error) { return fail(error.kind, concat(name, ": ", error.text)); };
  const auto checked = ServerLink::check(server);
  if (!checked) return bad(checked.error());
  Opening* opening = Opening::now();
  if (opening == nullptr || opening->loop() == nullptr) return std::vector<net::Endpoint>();
  auto endpoints = ServerLink::find(server);
  if (!endpoints) return bad(endpoints.error());
  if (server.starts_with("unix:")) {
    opening->needs_unix();
  } else {
    opening->needs_inet();
  }
  return endpoints;
}

constexpr std::string_view kNoLoop = "servers cannot be asked here";

}  // namespace

Result<std::unique_ptr<Table>> open_socketmap(std::string name, std::string_view argument) {
  const auto colon = argument.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == argument.size()) {
    return fail(Errc::invalid, concat(name, ": expected socketmap:server:name"));
  }
  auto endpoints = endpoints_of(name, argument.substr(0, colon));
  if (!endpoints) return fail(endpoints.error());
  if (endpoints->empty()) return unavailable(std::move(name), std::string(kNoLoop));
  return std::make_unique<Socketmap>(std::move(name), std::string(argument.substr(colon + 1)),
                                     *Opening::now()->loop(), std::move(*endpoints));
}

Result<std::unique_ptr<Table>> open_tcp(std::string name, std::string_view argument) {
  auto endpoints = endpoints_of(name, argument);
  if (!endpoints) return fail(endpoints.error());
  if (endpoints->empty()) return unavailable(std::move(name), std::string(kNoLoop));
  return std::make_unique<Tcp>(std::move(name), *Opening::now()->loop(), std::move(*endpoints));
}

}  // namespace postern::table
