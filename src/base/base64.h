// Base64 (RFC 4648, section 4). Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// Padded.
void append_base64(std::string& to, std::string_view bytes);

// With padding or without. False when it isn't base64; `to` may then hold the beginning.
bool append_from_base64(std::string& to, std::string_view text);

}  // namespace freshet
