#include <fmt/format.h>

#include "app/commands.h"
#include "app/version.h"

namespace freshet::app {

int run(const VersionCommand&) {
  fmt::print("freshet {}\n", kVersion);
  return 0;
}

}  // namespace freshet::app
