// bytea as PostgreSQL writes it with bytea_output hex: "\\x00ff".
#pragma once

#include <string>
#include <string_view>

namespace freshet::pg_text {

void append_hex(std::string& to, std::string_view bytes);
void append_bytea(std::string& to, std::string_view bytes);
// The reverse: appends the bytes. False when it isn't such a text; `to` may then hold the beginning.
bool append_from_bytea(std::string& to, std::string_view text);

}  // namespace freshet::pg_text
