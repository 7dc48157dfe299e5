#include "base/nonce.h"

#include <fmt/format.h>

#include <random>

namespace freshet {

std::string make_nonce() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace freshet
