// What advertising costs, hour by hour, and what currencies are worth, day by day.
#pragma once

#include "world.h"

namespace freshet::adshop {

// How busy an hour of a wall clock is: 1 on average over a day, least before dawn, most in the evening.
double rhythm(int hour_of_day, bool weekend);

struct SpendHour {
  std::size_t spender = 0;
  Instant hour;            // UTC
  std::int64_t spend = 0;  // in units of 0.000001
  std::int64_t impressions = 0;
  std::int64_t clicks = 0;
  std::int64_t link_clicks = 0;
  std::int64_t video_views = 0;
  bool has_conversions = false;  // Meta's hourly rows have none
  std::int64_t conversions = 0;  // in units of 0.0001
  Cents conversion_value = 0;
};

// The spender reports this hour at all: accounts by day report their midnight's hour only.
bool reports(const World& world, const Spender& spender, Instant hour);
SpendHour invent_spend(const World& world, std::size_t spender, Instant hour, Random& random);
void write(Rows& rows, const World& world, const SpendHour& spend, Instant written);

// Every pair's rates from `first` to `last` day. A rate depends on seed, pair and day alone, so any later run
// continues the same walk.
void write_rates(Rows& rows, std::uint64_t seed, Instant first, Instant last);
// rate of a day, in units of 10^-10, as write_rates writes it.
std::int64_t exchange_rate(std::uint64_t seed, std::string_view base, std::string_view quote, Instant day);

}  // namespace freshet::adshop
