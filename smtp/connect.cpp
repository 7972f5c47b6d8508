#include "smtp/connect.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "smtp/hosts.h"

namespace postern::smtp {

namespace {

struct Attempt {
  Shop& shop;
  const Wanted& wanted;
  TlsPolicy policy;
  bool try_plain = false;
};

// The address that we connect from: smtp_bind_address, if the host is of its family.
net::Endpoint own_end(const Setup& setup, const Host& host) {
  if (host.endpoint.storage.ss_family == AF_INET) return setup.bind4;
  if (host.endpoint.storage.ss_family == AF_INET6) return setup.bind6;
  return {};
}

net::Task<Result<Fd>> connect(const Shop& shop, const Host& host, Deadline end) {
  const auto limit = *shop.setup.client.connect_timeout;
  const Deadline deadline =
      limit.count() > 0 ? std::min(shop.loop.in(limit), end) : end;  // 0: the kernel has one
  const net::Endpoint own = own_end(shop.setup, host);
  auto fd = co_await net::connect_from(shop.loop, own, host.endpoint, deadline);
  if (fd || own.length == 0 || !fd.error().text.starts_with("bind")) co_return fd;
  if (*shop.setup.client.bind_address_enforce) co_return fd;
  log_warning(concat(fd.error().text, "; connecting from any address"));
  co_return co_await net::connect_to(shop.loop, host.endpoint, deadline);
}

net::Task<Maybe> begin(Session& session, Attempt& attempt) {
  const Setup& setup = attempt.shop.setup;
  const bool wraps = *setup.tls.tls_wrappermode;
  if (wraps && !attempt.policy.is_required()) {
    log_warning(concat(setup.tls.tls_wrappermode.name(), " requires setting \"",
                       setup.tls.tls_security_level.name(), " = encrypt\" (or stronger)"));
    co_return trouble("4.7.5", "client TLS configuration problem");
  }
  if (wraps) {
    auto why =
        co_await secure(session, attempt.shop, attempt.wanted, attempt.policy, true, attempt.try_plain);
    if (why) co_return why;
  }
  auto why = co_await session.greeting();
  if (why) co_return why;
  const bool esmtp = session.features.esmtp;
  why = co_await session.hello();
  if (why) co_return why;
  if (!wraps && attempt.policy.is_wanted()) {
    why = co_await secure(session, attempt.shop, attempt.wanted, attempt.policy, false, attempt.try_plain);
    if (why) co_return why;
    if (session.is_tls) {
      session.features = Features();
      session.features.esmtp = esmtp;
      why = session.unexpected(Session::Next::command, net::Stream::Look::kernel);
      if (why) co_return why;
      why = co_await session.hello();
      if (why) co_return why;
    }
  } else if (session.features.starttls && *setup.tls.tls_note_starttls_offer) {
    log_info(concat("Host offered STARTTLS: [", session.host().name, "]"));
  }
  if (!*setup.tls.sasl_auth_enable) co_return std::nullopt;
  co_return co_await log_in(session, attempt.wanted);
}

net::Task<Opened> open_once(Attempt& attempt) {
  const Wanted& wanted = attempt.wanted;
  const Host& host = *wanted.host;
  Opened opened;
  auto fd = co_await connect(attempt.shop, host, wanted.end);
  if (!fd) {
    const Error& error = fd.error();
    const bool by_bind = error.text.starts_with("bind");
    opened.trouble = trouble(
        "4.4.1", by_bind ? error.text : concat("connect to ", host.relay(), ": ", std::strerror(error.sys)));
    co_return opened;
  }
  opened.connected = true;
  opened.session = std::make_unique<Session>(attempt.shop.setup, attempt.shop.loop, host, std::move(*fd));
  opened.session->queue_id = wanted.queue_id;
  opened.session->end = wanted.end;
  opened.session->loop_detection = wanted.loop_detection;
  opened.session->is_best_host = wanted.is_best_host;
  opened.session->may_reuse_tls = attempt.policy.reuse;
  opened.trouble = co_await begin(*opened.session, attempt);
  co_return opened;
}

}  // namespace

net::Task<Opened> open_session(Shop& shop, Wanted wanted) {
  Opened opened;
  TlsPolicy policy;
  auto found = co_await find_tls_policy(shop.setup, shop.names, *wanted.destination, *wanted.host,
                                        shop.loop.in(seconds(60)));
  if (!found) {
    opened.trouble = std::move(found.error());
    co_return opened;
  }
  Attempt attempt{shop, wanted, std::move(*found)};
  if (wanted.plain && !attempt.policy.is_required()) attempt.policy.level = TlsLevel::none;
  opened = co_await open_once(attempt);
  if (!opened.trouble) co_return opened;
  const bool broke_off = opened.session != nullptr && goes_plain(*opened.session, shop, wanted);
  if (!attempt.try_plain && !broke_off) co_return opened;
  if (broke_off) log_info(concat(wanted.queue_id, ": ", opened.trouble->text));
  attempt.policy.level = TlsLevel::none;
  opened = co_await open_once(attempt);
  co_return opened;
}

Hosts local_host(const Setup& setup, const Destination& destination) {
  Hosts hosts;
  Host host;
  host.name = *setup.common.myhostname;
  host.address = destination.host;
  auto endpoint = net::Endpoint::unix_path(destination.host);
  if (!endpoint) {
    hosts.trouble = trouble("4.3.5", endpoint.error().text);
    return hosts;
  }
  host.endpoint = *endpoint;
  hosts.all.push_back(std::move(host));
  return hosts;
}

}  // namespace postern::smtp
