// A name or a path as one word of a command that is printed for somebody to run: bare where a shell takes it
// as it is, else in single quotes. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace freshet {

std::string shell_word(std::string_view text);

}  // namespace freshet
