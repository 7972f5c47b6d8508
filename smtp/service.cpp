#include "smtp/service.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/config/params/dns_params.h"

namespace postern::smtp {

namespace {

// DNS itself. A name that DNS cannot have does not exist.
class DnsNames : public Names {
 public:
  explicit DnsNames(std::unique_ptr<net::Dns> dns) : dns_(std::move(dns)) {}

  net::Task<net::DnsAnswer<net::MxRecord>> mx(std::string name, Deadline deadline) override {
    auto ascii = net::ascii_domain(name);
    if (!ascii) co_return none<net::MxRecord>();
    co_return co_await dns_->mx(std::move(*ascii), deadline);
  }
  net::Task<net::DnsAnswer<net::Endpoint>> addresses(std::string name, net::Family family,
                                                     Deadline deadline) override {
    auto ascii = net::ascii_domain(name);
    if (!ascii) co_return none<net::Endpoint>();
    co_return co_await dns_->addresses(std::move(*ascii), family, deadline);
  }
  net::Task<net::DnsAnswer<net::TlsaRecord>> tlsa(std::string name, Deadline deadline) override {
    co_return co_await dns_->tlsa(std::move(name), deadline);
  }

 private:
  template <class Record>
  static net::DnsAnswer<Record> none() {
    net::DnsAnswer<Record> answer;
    answer.status = net::DnsStatus::no_domain;
    return answer;
  }
  std::unique_ptr<net::Dns> dns_;
};

Result<std::unique_ptr<Names>> open_dns(const config::Settings& settings, const Setup& setup,
                                        net::Loop& loop) {
  config::DnsParams params;
  auto loaded = params.load(settings);
  if (!loaded) return fail(loaded.error());
  net::Dns::Options options;
  for (const auto word : split_words(*params.servers)) options.servers.emplace_back(word);
  options.hosts_file = setup.hosts_file;
  for (const auto word : split_words(*setup.client.dns_resolver_options)) {
    if (word != "res_defnames" && word != "res_dnsrch") {
      return fail(Errc::invalid,
                  concat(setup.client.dns_resolver_options.name(), ": unknown option: ", word));
    }
    options.search = true;
  }
  auto dns = net::Dns::make(loop, options);
  if (!dns) return fail(dns.error());
  return std::make_unique<DnsNames>(std::move(*dns));
}

bool may_want_tls(const Setup& setup) {
  const auto& tls = setup.tls;
  const bool by_level = !tls.tls_security_level->empty() && !iequals(*tls.tls_security_level, "none");
  return by_level || *tls.use_tls || *tls.enforce_tls || !tls.tls_policy_maps->empty();
}

void counters_of(daemon::Context& context, Counts& counts) {
  counts.tls = daemon::TlsCounters(context.page());
  counts.early_replies = context.counter("early_replies");
  counts.tls_downgrades = context.counter("tls_downgrades");
}

}  // namespace

Result<void> Client::prepare(daemon::Context& context) {
  auto setup = Setup::load(context.settings(), side_);
  if (!setup) return fail(setup.error());
  auto names = open_dns(context.settings(), **setup, context.loop());
  if (!names) return fail(names.error());
  counters_of(context, (*setup)->counts());
  return open(std::move(*setup), context.settings(), context.loop(), std::move(*names), true);
}

Result<void> Client::configure(const config::Settings& settings, net::Loop& loop,
                               std::unique_ptr<Names> names) {
  auto setup = Setup::load(settings, side_);
  if (!setup) return fail(setup.error());
  return open(std::move(*setup), settings, loop, std::move(names), false);
}

Result<void> Client::open(std::unique_ptr<Setup> setup, const config::Settings& settings, net::Loop& loop,
                          std::unique_ptr<Names> names, bool is_service) {
  loop_ = &loop;
  setup_ = std::move(setup);
  names_ = std::move(names);
  auto made = make_tls(settings);
  if (!made) return made;
  cache_ = std::make_unique<Cache>(*setup_, loop);
  if (may_want_tls(*setup_)) {
    history_ = History::open(loop, *setup_, is_service ? *setup_->common.mail_owner : std::string());
  }
  shop_ = std::make_unique<Shop>(Shop{*setup_, loop, *names_, *cache_, tls_.get(), history_.get()});
  handlers_.on<ipc::DeliverCall>([this](ipc::Deliver question) { return deliver(std::move(question)); });
  return {};
}

Result<void> Client::make_tls(const config::Settings& settings) {
  const auto& tls = setup_->tls;
  net::TlsClientOptions options;
  options.ca_file = *tls.tls_CAfile;
  options.ca_path = *tls.tls_CApath;
  const auto append = settings.value("tls_append_default_CA");
  if (!append) return fail(append.error());
  options.system_trust = iequals(*append, "yes");
  const bool elliptic = tls.tls_cert_file->empty();
  options.certificate_file = elliptic ? *tls.tls_eccert_file : *tls.tls_cert_file;
  options.key_file = elliptic ? *tls.tls_eckey_file : *tls.tls_key_file;
  options.chain_files = *tls.tls_chain_files;
  options.verify_depth = *tls.tls_scert_verifydepth;
  options.alpn = *tls.tls_alpn;
  auto made = net::TlsClient::make(options);
  if (!made) return fail(made.error());
  tls_ = std::move(*made);
  return {};
}

net::Task<void> Client::serve(net::Accepted connection) {
  co_await ipc::serve(*loop_, std::move(connection.fd), handlers_, &farewell_);
}

// What qmgr asks from now on is for our successor. When the mail system stops there is none.
void Client::leave(daemon::Leave why) {
  if (why == daemon::Leave::reload) farewell_.say();
}

net::Task<void> Client::finish() {
  if (cache_ != nullptr) cache_->clear();
  if (history_ != nullptr) {
    co_await history_->finish();
  }
}

net::Task<ipc::Delivered> Client::deliver(ipc::Deliver question) {
  Delivery delivery(*shop_, std::move(question));
  co_return co_await delivery.run();
}

}  // namespace postern::smtp
