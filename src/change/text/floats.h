// float4 and float8 as PostgreSQL writes them with extra_float_digits 3: the shortest text that reads back as
// the same bits.
#pragma once

#include <string>

namespace freshet::pg_text {

void append_float4(std::string& to, float value);
void append_float8(std::string& to, double value);

}  // namespace freshet::pg_text
