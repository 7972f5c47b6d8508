// One of every group of parameters: for postconf, `postern check` and the manual. A program constructs only
// the groups it reads.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/config/params/access_params.h"
#include "lib/config/params/bounce_params.h"
#include "lib/config/params/cleanup_params.h"
#include "lib/config/params/command_params.h"
#include "lib/config/params/common_params.h"
#include "lib/config/params/content_params.h"
#include "lib/config/params/dns_params.h"
#include "lib/config/params/limit_params.h"
#include "lib/config/params/local_params.h"
#include "lib/config/params/master_params.h"
#include "lib/config/params/pipe_params.h"
#include "lib/config/params/process_params.h"
#include "lib/config/params/qmgr_params.h"
#include "lib/config/params/queue_access_params.h"
#include "lib/config/params/rewrite_params.h"
#include "lib/config/params/routing_params.h"
#include "lib/config/params/screen_dialogue_params.h"
#include "lib/config/params/screen_params.h"
#include "lib/config/params/smtp_client_params.h"
#include "lib/config/params/smtp_more_params.h"
#include "lib/config/params/smtp_session_params.h"
#include "lib/config/params/smtp_tls_params.h"
#include "lib/config/params/smtpd_params.h"
#include "lib/config/params/smtpd_tls_params.h"
#include "lib/config/params/submission_params.h"
#include "lib/config/params/table_params.h"
#include "lib/config/params/virtual_params.h"
#include "lib/config/unread.h"

namespace postern::config {

// Those that some program reads.
struct ReadParams {
  CommonParams common;
  ProcessParams process;
  MasterParams master;
  CommandParams command;
  RoutingParams routing;
  LimitParams limits;
  SmtpdParams smtpd;
  SmtpdTlsParams smtpd_tls;
  TlsParams tls;
  AccessParams access;
  CleanupParams cleanup;
  RewriteParams rewrite;
  ResolveParams resolve;
  ContentParams content;
  ReceiveParams receive;
  BounceParams bounce;
  ScreenParams screen;
  ScreenDialogueParams screen_dialogue;
  SubmissionParams submission;
  QmgrParams qmgr;
  QueueAccessParams queue_access;
  MailboxParams mailbox;
  LocalParams local;
  VirtualParams virtual_;
  SmtpClientParams smtp_client{Side::smtp}, lmtp_client{Side::lmtp};
  SmtpSessionParams smtp_session{Side::smtp}, lmtp_session{Side::lmtp};
  SmtpTlsParams smtp_tls{Side::smtp}, lmtp_tls{Side::lmtp};
  SmtpMoreParams smtp_more;
  DnsParams dns;
  PipeParams pipe;
  TableParams table;

  struct Group {
    std::string_view readers;  // the programs that read it
    ParamGroup* params;
  };
  std::vector<Group> groups();
};

// Who reads a parameter.
struct Readers {
  std::string_view programs;  // "smtpd, cleanup"; "all": every program
  bool here = false;          // our programs, which act on it; otherwise those of Postfix that do
};

// Those and the others.
struct AllParams : ReadParams {
  UnreadParams unread;

  std::vector<Group> groups();

  // Every parameter, sorted by name.
  std::vector<ParamBase*> params();
  // Null when no such parameter is declared.
  ParamBase* find(std::string_view name);
  // Nothing when no such parameter is declared.
  std::optional<Readers> readers(std::string_view name);
  // Loads all groups: the first error of the configuration.
  Result<void> load(const Settings& settings);
};

}  // namespace postern::config
