// What clients may not ask for, found in a statement's tokens: reading or writing the machine's files,
// running programs, changing roles. The roles of access.h and the kernel's fence (sandbox.h) refuse most of
// it again.
#pragma once

#include <string_view>
#include <vector>

#include "store/lexer.h"

namespace freshet::store {

// ClickHouseError{ACCESS_DENIED} naming what was found.
void refuse_forbidden(const std::vector<Token>& tokens, std::string_view sql);

}  // namespace freshet::store
