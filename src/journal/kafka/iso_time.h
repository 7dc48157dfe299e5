// Points in time between PostgreSQL's text and ISO 8601: "2024-01-31 12:34:56.5+00" and
// "2024-01-31T12:34:56.500000Z". What ISO 8601 has no agreed form for (infinity, years before Christ or after
// 9999) stays as PostgreSQL writes it. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace freshet::journal {

// A JSON string, with six digits of the second.
void append_iso_time(std::string& to, std::string_view text, bool with_zone);

// The reverse, of the string's content.
void append_from_iso_time(std::string& to, std::string_view iso);

}  // namespace freshet::journal
