// Two SQL expressions over a column v, one for each side, that print the same text for the same value: what
// the round trip is judged by. PostgreSQL's is its own text output, except for floats, whose bits are
// compared.
#pragma once

#include <string>

#include "contract/contract.h"
#include "load/types/mirror_type.h"

namespace freshet::test {

// In PostgreSQL.
std::string expected_expression(const contract::ColumnContract& column);
// In ClickHouse.
std::string mirror_expression(const PgType& type, const load::MirrorColumn& column);

}  // namespace freshet::test
