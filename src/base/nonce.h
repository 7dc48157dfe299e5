// A name that nobody else has.
#pragma once

#include <string>

namespace freshet {

// 128 random bits, in hex.
std::string make_nonce();

}  // namespace freshet
