// Text as it comes from elsewhere (names, messages), read as UTF-8. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet {

// Length of the valid UTF-8 character at the start of `text`, or 0 (RFC 3629: no surrogates, no overlong
// forms).
std::size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

// What a terminal may be given: nothing in it moves the cursor or begins a line. Control characters, and
// bytes that aren't UTF-8, become U+FFFD.
std::string printable(std::string_view text);

}  // namespace freshet
