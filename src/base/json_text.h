// Writing JSON text without a JSON library: strings are all that needs care.
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// Appends `text` quoted and escaped. Bytes that aren't UTF-8 become U+FFFD, so the result is always valid
// JSON.
void append_json_string(std::string& to, std::string_view text);

}  // namespace freshet
