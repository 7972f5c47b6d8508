// What a service that receives mail leaves to others, or has done before.
#pragma once

#include "lib/base/result.h"
#include "lib/config/params/content_params.h"

namespace postern::config {

struct Overrides {
  bool checks_recipients = true;  // otherwise no_unknown_recipient_checks
  bool maps_addresses = true;     // … no_address_mappings
  bool checks_content = true;     // … no_header_body_checks
};

// receive_override_options, without regard to case. Fails with invalid on an unknown word.
Result<Overrides> overrides_of(const ReceiveParams& params);

}  // namespace postern::config
