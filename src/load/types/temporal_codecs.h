// Codecs (see fixed_column.h) of dates and timestamps. ClickHouse's Date32 and DateTime64 hold 1900-01-01 to
// 2299-12-31, PostgreSQL 4713 BC to far beyond, and infinity.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "load/types/unfit.h"

namespace freshet::load {

struct DateCodec {
  using Value = std::int32_t;  // days since 1970-01-01

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const;
  std::optional<Unfit> from_text(std::string_view text, Value& value) const;
};

struct TimestampCodec {
  using Value = std::int64_t;  // microseconds since 1970-01-01

  bool with_zone = true;  // matters for text only

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const;
  std::optional<Unfit> from_text(std::string_view text, Value& value) const;
};

}  // namespace freshet::load
