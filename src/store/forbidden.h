// What clients may not ask for, found in a statement's tokens: reading or writing the machine's files,
// running programs, changing roles, settings that hide any of it in a text. The roles of access.h and the
// kernel's fence (sandbox.h) refuse most of it again.
#pragma once

#include <string_view>
#include <vector>

#include "store/lexer.h"
#include "store/vocabulary.h"

namespace freshet::store {

// ClickHouseError{ACCESS_DENIED} naming what was found, or {SYNTAX_ERROR} for a text that the engine could
// cut into other tokens than we do.
void refuse_forbidden(const std::vector<Token>& tokens, std::string_view sql, const Vocabulary& vocabulary,
                      User user);
// The same for a setting that came apart from the statement.
void refuse_closed_setting(std::string_view name, const Vocabulary& vocabulary, User user);

// Whether the token names a setting that gets a value here: SET a = …, b = … or SETTINGS a = ….
bool names_setting(const std::vector<Token>& tokens, std::string_view sql, std::size_t at);

}  // namespace freshet::store
