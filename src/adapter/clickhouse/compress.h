// Bodies of inserts, compressed as HTTP's Content-Encoding names them; ClickHouse unpacks both as they come.
#pragma once

#include <string>
#include <string_view>

namespace freshet::clickhouse {

enum class Encoding { none, lz4, zstd };

// The name in Content-Encoding; empty for none.
std::string_view to_string(Encoding encoding);

// One lz4 frame (fastest level), or one zstd frame (level 1). `none` copies.
std::string compress(Encoding encoding, std::string_view bytes);

}  // namespace freshet::clickhouse
