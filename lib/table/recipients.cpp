// Does an address exist?
#include "lib/base/text.h"
#include "lib/table/resolve.h"

namespace postern::table {

namespace {

// Names that the mail system itself receives or sends by.
bool is_own_name(std::string_view address) {
  const auto local = address.substr(0, address.rfind('@'));
  return iequals(local, "postmaster") || iequals(local, "double-bounce") || iequals(local, "mailer-daemon");
}

}  // namespace

std::string_view recipient_table(AddressClass address_class) {
  switch (address_class) {
    case AddressClass::local: return "local recipient table";
    case AddressClass::virtual_alias: return "virtual alias table";
    case AddressClass::virtual_mailbox: return "virtual mailbox table";
    case AddressClass::relay: return "relay recipient table";
    case AddressClass::other: break;
  }
  return "recipient table";
}

net::Task<Result<bool>> Resolver::is_rewritten(std::string_view address, AddressKeys keys, Side side) const {
  const Maps* const tables[] = {&recipient_canonical_, side == Side::sender ? &sender_canonical_ : nullptr,
                                &canonical_, &virtual_aliases_};
  for (const Maps* maps : tables) {
    if (maps == nullptr || maps->empty()) continue;
    auto found = co_await maps->lookup_address(address, *params_.recipient_delimiter, keys);
    if (!found) co_return fail(found.error());
    if (*found) co_return true;
  }
  co_return false;
}

net::Task<Result<Listing>> Resolver::look_up(std::string_view address, std::string_view sender,
                                             Side side) const {
  Listing listing;
  auto resolved = co_await route(address, sender);
  if (!resolved) co_return fail(resolved.error());
  listing.address_class = resolved->address_class;
  const std::string& recipient = resolved->recipient;
  const auto keys = keys_for(domain_of(recipient), listing.address_class);
  auto rewritten = co_await is_rewritten(recipient, keys, side);
  if (!rewritten) co_return fail(rewritten.error());
  if (*rewritten) co_return listing;
  if (resolved->transport == "error" || resolved->transport == "retry") {
    listing.known = false;
    listing.transport = std::move(resolved->transport);
    listing.text = std::move(resolved->nexthop);
    co_return listing;
  }
  const bool local = listing.address_class == AddressClass::local;
  if (listing.address_class == AddressClass::other || (local && is_own_name(recipient))) co_return listing;
  const Maps* maps = &relay_recipients_;
  if (local) maps = &local_recipients_;
  if (listing.address_class == AddressClass::virtual_mailbox) maps = &virtual_mailboxes_;
  if (maps->empty()) co_return listing;
  auto found = co_await maps->lookup_address(recipient, *params_.recipient_delimiter, keys);
  if (!found) co_return fail(found.error());
  listing.known = found->has_value();
  co_return listing;
}

net::Task<Result<bool>> Resolver::is_known(std::string_view address) const {
  auto listing = co_await look_up(address, std::string_view(), Side::recipient);
  if (!listing) co_return fail(listing.error());
  co_return listing->known;
}

}  // namespace postern::table
