// The reverse of json_value.h: a field's text from its JSON. Includes simdjson: for envelope_read.cpp alone.
#pragma once

#include <simdjson.h>

#include <string>

#include "change/tuple.h"
#include "change/type.h"

namespace freshet::journal {

// Appends the field in the layout of change/tuple.h. Throws Error{data} for what is no value of the type.
void append_field_of(std::string& tuple, const PgType& type, simdjson::dom::element value);

}  // namespace freshet::journal
