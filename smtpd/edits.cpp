// What the administrator puts into the dialogue: smtpd_command_filter, soft_bounce and smtpd_reject_footer.
#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/wire/reject_footer.h"
#include "smtpd/session.h"

namespace postern::smtpd {

net::Task<void> Session::obey_edited(std::string_view line) {
  const auto key = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto found = co_await shared_.setup.command_filter.lookup(key);
  if (!found) log_warning(concat(peer_.text(), ": smtpd_command_filter: ", found.error().text));
  if (!found || !*found) {
    co_await obey(line);
    co_return;
  }
  log_info(concat(peer_.text(), ": replacing client command \"", printable(line, 100), "\" with \"",
                  printable(**found, 100), '"'));
  co_await obey(**found);
}

mail::Status Conversation::softened(const mail::Status& status) const {
  return *shared_.setup.common.soft_bounce ? status.softened() : status;
}

void Conversation::add_footer(std::string& reply) const {
  const std::string& footer = *shared_.setup.smtpd.reject_footer;
  if (footer.empty() || !wire::takes_footer(reply)) return;
  wire::add_footer(reply, footer, shared_.setup.footer_filter,
                   [this](std::string_view name) { return footer_value(name); });
}

std::string Conversation::footer_value(std::string_view name) const {
  if (name == "client") return peer_.text();
  if (name == "client_name") return std::string(peer_.name());
  if (name == "client_address") return std::string(peer_.address());
  if (name == "client_port") return std::to_string(peer_.port());
  if (name == "server_name") return shared_.setup.host();
  if (name == "server_address") return own_end().address();
  if (name == "server_port") return std::to_string(own_end().port());
  if (name == "localtime") return wire::footer_time();
  if (name == "helo_name") return helo_;
  if (name == "protocol_name") return std::string(protocol());
  if (name == "sender" && mail_) return mail::shown_address(mail_->submit.sender);
  if (name == "recipient" && recipient_ != nullptr) return recipient_->quoted();
  return {};
}

// What the client connected to, perhaps at a proxy.
net::Endpoint Conversation::own_end() const {
  return handed_ != nullptr && handed_->server() ? *handed_->server() : net::local_endpoint(stream_.fd());
}

}  // namespace postern::smtpd
