// ClickHouse's RowBinary, as far as load's own small tables and lookups need it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "adapter/clickhouse/client.h"
#include "base/bytes.h"
#include "base/int128.h"
#include "change/version.h"

namespace freshet::load {

inline void append_text(std::string& to, std::string_view text) {
  append_varint(to, text.size());
  to += text;
}

inline void append_version(std::string& to, Version version) {
  append_le(to, version.bits());
}

inline std::string_view read_text(ByteReader& from) {
  return from.bytes(from.varint());
}

inline Version read_version(ByteReader& from) {
  return Version(from.le<UInt128>());
}

// As SQL writes a UInt128.
std::string to_sql(Version version);

// Texts of any bytes as the right side of IN: RowBinary within a literal.
std::string text_set(std::span<const std::string> texts);

// For statements that carry keys: their parser must take as much.
extern const clickhouse::With kLargeStatement;

}  // namespace freshet::load
