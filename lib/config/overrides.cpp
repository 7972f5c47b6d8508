#include "lib/config/overrides.h"

#include "lib/base/text.h"

namespace postern::config {

Result<Overrides> overrides_of(const ReceiveParams& params) {
  Overrides overrides;
  for (const std::string& option : *params.receive_override_options) {
    if (iequals(option, "no_unknown_recipient_checks")) {
      overrides.checks_recipients = false;
    } else if (iequals(option, "no_address_mappings")) {
      overrides.maps_addresses = false;
    } else if (iequals(option, "no_header_body_checks")) {
      overrides.checks_content = false;
    } else if (!iequals(option, "no_milters")) {
      return fail(Errc::invalid, concat("receive_override_options: unknown option: ", printable(option, 80)));
    }
  }
  return overrides;
}

}  // namespace postern::config
