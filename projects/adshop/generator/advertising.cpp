#include "advertising.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "time_zone.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;

struct Currency {
  std::string_view code;
  double per_usd;
};

constexpr Currency kCurrencies[] = {
    {"USD", 1},    {"EUR", 0.92}, {"GBP", 0.79}, {"JPY", 151.2},  {"INR", 83.4},   {"CAD", 1.36},
    {"AUD", 1.52}, {"CHF", 0.89}, {"CNY", 7.23}, {"MXN", 17.1},   {"BRL", 5.07},   {"SEK", 10.6},
    {"NOK", 10.7}, {"DKK", 6.88}, {"PLN", 3.97}, {"CZK", 23.3},   {"HUF", 362.5},  {"TRY", 32.2},
    {"ZAR", 18.8}, {"SGD", 1.35}, {"HKD", 7.82}, {"KRW", 1352.0}, {"THB", 36.4},   {"IDR", 15890},
    {"MYR", 4.74}, {"PHP", 56.3}, {"NZD", 1.66}, {"ILS", 3.71},   {"AED", 3.6725}, {"SAR", 3.75},
};
constexpr std::string_view kBases[] = {"USD", "EUR", "GBP", "JPY", "INR", "CAD", "AUD"};

double per_usd(std::string_view code) {
  for (const Currency& currency : kCurrencies) {
    if (currency.code == code) return currency.per_usd;
  }
  return 1;
}

// A currency's slow drift against the dollar: three waves whose phases come from seed and code.
double drift(std::uint64_t seed, std::string_view code, std::int64_t day) {
  if (code == "USD") return 1;
  Random random(seed, code);
  double sum = 0;
  for (const double period : {11.0, 47.0, 190.0}) {
    const double phase = random.unit() * 6.283185307179586;
    sum += 0.006 * std::sin(static_cast<double>(day) * 6.283185307179586 / period + phase);
  }
  return 1 + sum;
}

}  // namespace

double rhythm(int hour_of_day, bool weekend) {
  static constexpr std::array<double, 24> kHours = {0.35, 0.22, 0.16, 0.14, 0.16, 0.28, 0.50, 0.80,
                                                    1.00, 1.10, 1.18, 1.22, 1.30, 1.24, 1.15, 1.12,
                                                    1.15, 1.25, 1.42, 1.70, 1.95, 1.85, 1.30, 0.70};
  return kHours[static_cast<std::size_t>(hour_of_day)] * (weekend ? 1.15 : 0.95);
}

bool reports(const World& world, const Spender& spender, Instant hour) {
  const Account& account = world.accounts[spender.account];
  return !account.by_day || hour_of(wall_clock(account.timezone, hour)) == 0;
}

SpendHour invent_spend(const World& world, std::size_t index, Instant hour, Random& random) {
  const Spender& spender = world.spenders[index];
  const Account& account = world.accounts[spender.account];
  const Instant wall = wall_clock(account.timezone, hour);
  const double busy = account.by_day ? 24 : rhythm(hour_of(wall), is_weekend(wall));
  SpendHour spend;
  spend.spender = index;
  spend.hour = hour;
  spend.impressions = random.poisson(90 * spender.weight * busy);
  spend.clicks = random.poisson(static_cast<double>(spend.impressions) * 0.022);
  spend.link_clicks = spend.clicks * random.between(50, 90) / 100;
  spend.video_views = spend.impressions * random.between(5, 25) / 100;
  const double price = account.currency == "JPY" ? 1'500 : account.currency == "INR" ? 400 : 9;  // per 1000
  spend.spend =
      std::llround(static_cast<double>(spend.impressions) * price * (0.8 + 0.4 * random.unit()) * 1000);
  spend.has_conversions = account.platform != "meta" || account.by_day;
  if (spend.has_conversions) {
    spend.conversions = random.poisson(static_cast<double>(spend.link_clicks) * 0.03) * 10'000;
    spend.conversion_value = spend.conversions / 10'000 * random.between(2'000, 12'000);
  }
  return spend;
}

void write(Rows& rows, const World& world, const SpendHour& spend, Instant written) {
  const Spender& spender = world.spenders[spend.spender];
  const Account& account = world.accounts[spender.account];
  Row row = rows.begin(Table::ad_spend_hourly);
  row.uuid(world.workspace_of(world.shops[account.shop]))
      .integer(account.id)
      .text(account.level)
      .integer(spender.id)
      .instant(spend.hour)
      .local(wall_clock(account.timezone, spend.hour))
      .text(account.by_day ? "day" : "hour")
      .decimal(spend.spend, 6)
      .text(account.currency)
      .integer(spend.impressions)
      .integer(spend.clicks)
      .integer(spend.link_clicks)
      .integer(spend.video_views);
  spend.has_conversions ? row.decimal(spend.conversions, 4).money(spend.conversion_value) : row.null().null();
  row.boolean(false).text(R"({"source": "api", "page": 1})").instant(written).instant(written).end();
}

std::int64_t exchange_rate(std::uint64_t seed, std::string_view base, std::string_view quote, Instant day) {
  const std::int64_t number = floor<days>(day).time_since_epoch().count();
  const double rate =
      per_usd(quote) * drift(seed, quote, number) / (per_usd(base) * drift(seed, base, number));
  return std::llround(rate * 1e6) * 10'000;  // six digits are published
}

void write_rates(Rows& rows, std::uint64_t seed, Instant first, Instant last) {
  for (Instant day = floor<days>(first); day <= last; day += days(1)) {
    const std::chrono::weekday weekday(floor<days>(day));
    if (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday) continue;  // no market, no rate
    for (const auto base : kBases) {
      for (const Currency& quote : kCurrencies) {
        if (quote.code == base) continue;
        rows.begin(Table::exchange_rates)
            .text(base)
            .text(quote.code)
            .date(day)
            .decimal(exchange_rate(seed, base, quote.code, day), 10)
            .text("ecb")
            .instant(day + hours(15))
            .boolean(false)
            .instant(day + hours(15))
            .instant(day + hours(15))
            .end();
      }
    }
  }
}

}  // namespace freshet::adshop
