// Lsn: a position in PostgreSQL's write-ahead log, in bytes from its beginning; written as PostgreSQL does
// ("0/16B3748").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace freshet {

using Lsn = Strong<struct LsnTag, std::uint64_t>;

// Microseconds since 1970-01-01 UTC.
using Micros = std::int64_t;

std::string to_string(Lsn lsn);
// Throws Error{data} for anything but two hexadecimal halves with a slash between.
Lsn parse_lsn(std::string_view text);

}  // namespace freshet
