// What cleanup opens before its jail.
#include "lib/base/text.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/content_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/config/params/rewrite_params.h"
#include "queue/cleanup/cleanup.h"

namespace postern::cleanup {

namespace {

// permit_inet_interfaces and permit_mynetworks name addresses, check_address_map and static: tables are entries as they
// are; other words of the list need what is not there yet.
config::List ours(const config::List& words, const config::Settings& settings) {
  config::List networks;
  bool table_follows = false;
  for (const std::string& word : words) {
    if (word == "permit_mynetworks") {
      const std::string value = settings.value("mynetworks").value_or("");
      for (const auto network : split_words(value)) networks.emplace_back(network);
    } else if (word == "permit_inet_interfaces") {
      for (const auto& own : config::HostFacts::of_this_host().addresses) networks.push_back(own.address);
    } else if (table_follows || word.find(':') != std::string::npos) {
      networks.push_back(word);
    }
    table_follows = word == "check_address_map";
  }
  return networks;
}

}  // namespace

Result<void> Cleanup::prepare(daemon::Context& context) {
  context_ = &context;
  auto read = read_parameters(context.settings());
  if (read) read = open_tables(context.settings());
  if (!read) return read;
  qmgr_.emplace(context.loop(), context.queue_path("public/qmgr"));
  handlers_.on<ipc::SubmitCall>([this](ipc::Submit submitted) { return submit(std::move(submitted)); });
  return {};
}

Result<void> Cleanup::read_parameters(const config::Settings& settings) {
  config::CleanupParams params;
  config::CommonParams common;
  config::LimitParams limits;
  config::ContentParams content;
  config::ResolveParams resolving;
  for (config::ParamGroup* group :
       std::initializer_list<config::ParamGroup*>{&params, &common, &limits, &content, &resolving}) {
    auto loaded = group->load(settings);
    if (!loaded) return loaded;
  }
  house_.hostname = *common.myhostname;
  house_.mail_name = *common.mail_name;
  house_.drop = *params.message_drop_headers;
  house_.undisclosed_recipients = *params.undisclosed_recipients_header;
  house_.hopcount_limit = static_cast<std::size_t>(*limits.hopcount_limit);
  house_.header_limits.field = static_cast<std::size_t>(*limits.header_size_limit);
  addressing_.keep_original = *params.enable_original_recipient;
  addressing_.remembered = static_cast<std::size_t>(*params.duplicate_filter_limit);
  addressing_.empty_recipient = *resolving.empty_address_recipient;
  addressing_.always_bcc = *params.always_bcc;
  for (const auto& word : *content.internal_mail_filter_classes) {
    checks_notifications_ = checks_notifications_ || word == "bounce";
  }
  everything_is_ours_ = *params.always_add_missing_headers;
  long_ids_ = *params.enable_long_queue_ids;
  auto list = table::MatchList::parse("local_header_rewrite_clients",
                                      ours(*params.local_header_rewrite_clients, settings),
                                      table::MatchList::Kind::addresses);
  if (!list) return fail(list.error());
  ours_ = std::move(*list);
  return {};
}

Result<void> Cleanup::open_tables(const config::Settings& settings) {
  auto rewriter = table::Rewriter::open(settings);
  if (!rewriter) return fail(rewriter.error());
  rewriter_ = std::move(*rewriter);
  auto checks = Checks::open(settings);
  if (!checks) return fail(checks.error());
  checks_ = std::move(*checks);
  config::RewriteParams params;
  auto loaded = params.load(settings);
  if (!loaded) return loaded;
  const std::string& domain = *params.remote_header_rewrite_domain;
  completes_remote_ = !domain.empty();
  remote_completion_ = rewriter_->completion();
  if (!remote_completion_.origin.empty()) remote_completion_.origin = domain;
  if (!remote_completion_.domain.empty()) remote_completion_.domain = domain;
  return {};
}

}  // namespace postern::cleanup
