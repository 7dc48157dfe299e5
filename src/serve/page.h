// The status page (web/status.html), as it was when the program was built.
#pragma once

#include <string_view>

namespace freshet::serve {

std::string_view status_page();

}  // namespace freshet::serve
