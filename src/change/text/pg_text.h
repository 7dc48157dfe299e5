// From PostgreSQL's binary form of a value to the text that PostgreSQL itself would print, on a connection
// with UTF8, DateStyle ISO, IntervalStyle iso_8601, TimeZone UTC, extra_float_digits 3 and bytea_output hex.
// The one place that knows the binary forms. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "change/type.h"

namespace freshet::pg_text {

// Appends the text of `binary`, a value of `type`. False when the bytes aren't such a value, or the type's
// binary form isn't known (kind `other`); `to` may then hold the beginning of a text.
bool append_text(std::string& to, const PgType& type, std::string_view binary);

// The same, borrowed from `binary` where that is the text itself, from `scratch` otherwise. Nothing when the
// bytes aren't such a value.
std::optional<std::string_view> view_text(const PgType& type, std::string_view binary, std::string& scratch);

// The same for a type that isn't an array.
bool append_scalar_text(std::string& to, TypeKind kind, std::string_view binary);

}  // namespace freshet::pg_text
