// screen as a service: one process in front of the SMTP servers, which judges clients and hands the good ones on.
#pragma once

#include "lib/config/params/screen_dialogue_params.h"
#include "lib/config/params/screen_params.h"
#include "lib/daemon/service.h"

namespace postern::screen {

class Screen : public daemon::Service {
 public:
  Result<void> prepare(daemon::Context& context) override;
  net::Task<void> serve(net::Accepted connection) override;

 private:
  config::ScreenParams params_;
  config::ScreenDialogueParams dialogue_;
};

}  // namespace postern::screen
