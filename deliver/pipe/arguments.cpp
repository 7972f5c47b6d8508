#include "deliver/pipe/arguments.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/config/expand.h"
#include "lib/mail/address.h"

namespace postern::deliver {

namespace {

constexpr std::string_view kOfMessage[] = {
    "nexthop",         "sender",      "size",        "client_address", "client_hostname",
    "client_port",     "client_helo", "sasl_method", "sasl_username",  "sasl_sender",
    "client_protocol", "queue_id",    "envid"};
constexpr std::string_view kOfRecipient[] = {"recipient", "user",   "extension",
                                             "mailbox",   "domain", "original_recipient"};

template <class Names>
bool has(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// A value that stands for itself, whatever it holds.
std::string verbatim(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

class Macros {
 public:
  Macros(const config::PipeAttributes& attributes, const ipc::Deliver& message, std::string_view id,
         std::string_view delimiters)
      : attributes_(attributes), message_(message), id_(id), delimiters_(delimiters) {}

  void set_recipient(const ipc::DeliverTo& recipient) { recipient_ = &recipient; }

  // False for a recipient whose $user is empty.
  bool has_user() const { return !split().user.empty(); }

  Result<std::string> expand(std::string_view word) const {
    return config::expand(word, [this](std::string_view name) -> Result<std::optional<std::string>> {
      return std::optional(verbatim(value(name)));
    });
  }

 private:
  std::string address(std::string_view text) const {
    return attributes_.quote ? mail::from_internal(text).quoted() : std::string(text);
  }

  std::string folded(std::string text) const {
    const auto at = text.rfind('@');
    if (at == std::string::npos) return attributes_.fold_user ? lower(text) : text;
    const std::string user = text.substr(0, at), host = text.substr(at + 1);
    return concat(attributes_.fold_user ? lower(user) : user, '@',
                  attributes_.fold_host ? lower(host) : host);
  }

  mail::Extension split() const {
    const std::string_view address = recipient_->address;
    return mail::split_extension(address.substr(0, address.rfind('@')), delimiters_);
  }

  std::string local(std::string_view text) const {
    return attributes_.fold_user ? lower(text) : std::string(text);
  }

  std::string value(std::string_view name) const {
    const auto& client = message_.client;
    if (name == "nexthop") return attributes_.fold_host ? lower(message_.nexthop) : message_.nexthop;
    if (name == "sender") {
      const auto sender = sender_of(attributes_, message_);
      return sender.empty() ? std::string() : address(sender);
    }
    if (name == "size") return std::to_string(message_.size);
    if (name == "queue_id") return std::string(id_);
    if (name == "envid") return message_.envid;
    if (name == "client_address") return client.address;
    if (name == "client_hostname") return client.name;
    if (name == "client_port") return client.port == 0 ? std::string() : std::to_string(client.port);
    if (name == "client_helo") return client.helo;
    if (name == "client_protocol") return client.protocol;
    if (name == "sasl_method") return client.sasl_method;
    if (name == "sasl_username") return client.sasl_username;
    if (name == "sasl_sender") return client.sasl_sender;
    return recipient_ == nullptr ? std::string() : of_recipient(name);
  }

  std::string of_recipient(std::string_view name) const {
    const std::string_view text = recipient_->address;
    const auto at = text.rfind('@');
    if (name == "recipient") return folded(address(text));
    if (name == "original_recipient") {
      return folded(address(recipient_->original.empty() ? text : std::string_view(recipient_->original)));
    }
    if (name == "user") return local(split().user);
    if (name == "extension") return local(split().extension);
    if (name == "mailbox") return local(text.substr(0, at));
    if (name == "domain" && at != text.npos) {
      return attributes_.fold_host ? lower(text.substr(at + 1)) : std::string(text.substr(at + 1));
    }
    return {};
  }

  const config::PipeAttributes& attributes_;
  const ipc::Deliver& message_;
  std::string_view id_;
  std::string_view delimiters_;
  const ipc::DeliverTo* recipient_ = nullptr;
};

}  // namespace

std::string_view sender_of(const config::PipeAttributes& attributes, const ipc::Deliver& message) {
  return message.sender.empty() ? attributes.null_sender : message.sender;
}

std::optional<std::string> unknown_macro(const config::List& words) {
  std::optional<std::string> unknown;
  for (const auto& word : words) {
    config::each_reference(word, [&](std::string_view name) {
      if (!unknown && !has(kOfMessage, name) && !has(kOfRecipient, name)) unknown = std::string(name);
    });
  }
  return unknown;
}

Result<config::List> command_arguments(const config::PipeAttributes& attributes, const ipc::Deliver& message,
                                       std::string_view id, std::string_view delimiters) {
  Macros macros(attributes, message, id, delimiters);
  config::List result;
  for (const auto& word : attributes.command.words) {
    bool repeats = false;
    bool needs_user = false;
    config::each_reference(word, [&](std::string_view name) {
      repeats = repeats || has(kOfRecipient, name);
      needs_user = needs_user || name == "user";
    });
    const std::size_t times = repeats ? message.recipients.size() : 1;
    for (std::size_t i = 0; i < times; ++i) {
      if (repeats) macros.set_recipient(message.recipients[i]);
      if (needs_user && !macros.has_user()) continue;
      auto expanded = macros.expand(word);
      if (!expanded) return fail(expanded.error());
      result.push_back(std::move(*expanded));
    }
  }
  return result;
}

}  // namespace postern::deliver
