// A field of a row as JSON, and back, without losing anything: what is read is the text that PostgreSQL
// itself would print for what was written. docs/formats/topics.md, "values". Pure functions, any thread.
//
// Most values have a form that every reader of such topics knows (numbers, strings, base64, ISO 8601). What
// it couldn't tell back exactly (bytes that aren't UTF-8 or no value of their type, a text that is just the
// mark of an unchanged one) is an object: {"text": base64} or {"binary": base64}, PostgreSQL's own bytes.
#pragma once

#include <string>
#include <string_view>

#include "change/tuple.h"
#include "change/type.h"

namespace freshet::journal {

// Stands where PostgreSQL didn't send a value because it hadn't changed; the same as other connectors write.
inline constexpr std::string_view kUnchangedMark = "__debezium_unavailable_value";

void append_json_value(std::string& to, const PgType& type, const Field& field);

}  // namespace freshet::journal
