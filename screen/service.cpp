#include "screen/service.h"

namespace postern::screen {

Result<void> Screen::prepare(daemon::Context& context) {
  auto loaded = params_.load(context.settings());
  if (loaded) loaded = dialogue_.load(context.settings());
  return loaded;
}

net::Task<void> Screen::serve(net::Accepted) { co_return; }

}  // namespace postern::screen
