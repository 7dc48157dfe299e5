// What must hold of any statement's text, as the store's lexer and its check of forbidden words see it.
#pragma once

#include <string_view>

namespace freshet::fuzz {

// The tokens lie in order within the text, and nothing but blanks and comments lies between them; the verdict
// on the statement doesn't depend on these.
void check_statement(std::string_view sql);

// An INSERT's head is found in a part of the text as it is in the whole.
void check_insert_head(std::string_view text);

}  // namespace freshet::fuzz
