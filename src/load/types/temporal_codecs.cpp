#include "load/types/temporal_codecs.h"

#include <limits>

#include "base/bytes.h"
#include "change/text/calendar.h"

namespace freshet::load {
namespace {

constexpr std::int64_t kFirstDay = -25'567;  // 1900-01-01
constexpr std::int64_t kLastDay = 120'529;   // 2299-12-31

template <class Integer>
bool infinite(Integer value) {
  return value == std::numeric_limits<Integer>::max() || value == std::numeric_limits<Integer>::min();
}

bool infinite(std::string_view text) {
  return text == "infinity" || text == "-infinity";
}

std::optional<Unfit> set_day(std::int64_t days, DateCodec::Value& value) {
  if (days < kFirstDay || days > kLastDay) return Unfit::out_of_range;
  value = static_cast<DateCodec::Value>(days);
  return std::nullopt;
}

std::optional<Unfit> set_instant(const pg_text::Instant& instant, TimestampCodec::Value& value) {
  if (instant.days < kFirstDay || instant.days > kLastDay) return Unfit::out_of_range;
  value = instant.days * pg_text::kMicrosPerDay + instant.micros;
  return std::nullopt;
}

}  // namespace

std::optional<Unfit> DateCodec::from_binary(std::string_view bytes, Value& value) const {
  if (bytes.size() != 4) return Unfit::malformed;
  const auto days = load_be<std::int32_t>(bytes.data());
  if (infinite(days)) return Unfit::infinity;
  return set_day(days + pg_text::kPostgresEpochDays, value);
}

std::optional<Unfit> DateCodec::from_text(std::string_view text, Value& value) const {
  if (infinite(text)) return Unfit::infinity;
  const std::optional<std::int64_t> days = pg_text::parse_date(text);
  return days ? set_day(*days, value) : Unfit::malformed;
}

std::optional<Unfit> TimestampCodec::from_binary(std::string_view bytes, Value& value) const {
  if (bytes.size() != 8) return Unfit::malformed;
  const auto micros = load_be<std::int64_t>(bytes.data());
  if (infinite(micros)) return Unfit::infinity;
  return set_instant(pg_text::Instant::from_postgres(micros), value);
}

std::optional<Unfit> TimestampCodec::from_text(std::string_view text, Value& value) const {
  if (infinite(text)) return Unfit::infinity;
  const std::optional<pg_text::Instant> instant = pg_text::parse_timestamp(text, with_zone);
  return instant ? set_instant(*instant, value) : Unfit::malformed;
}

}  // namespace freshet::load
