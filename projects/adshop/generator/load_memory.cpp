// What live traffic knows of earlier traffic: load_memory() of scene.h.
#include <fmt/format.h>

#include <map>

#include "adapter/postgres/connection.h"
#include "scene.h"

namespace freshet::adshop {
namespace {

using std::chrono::floor;
using std::chrono::hours;

std::map<std::int64_t, std::size_t> places_of_shops(const World& world) {
  std::map<std::int64_t, std::size_t> places;
  for (std::size_t i = 0; i < world.shops.size(); ++i) places[world.shops[i].id] = i;
  return places;
}

void load_visitors(postgres::Connection& connection, const std::map<std::int64_t, std::size_t>& shops,
                   Memory& memory) {
  const auto rows = connection.query(
      "SELECT id, shop_id, customer_id, first_seen_at, coalesce(host(first_ip), '192.0.2.1') || '/32', "
      "coalesce(country, 'US') FROM app.visitors WHERE merged_into_visitor_id IS NULL "
      "ORDER BY last_seen_at DESC, id LIMIT 5000");
  for (int row = 0; row < rows.rows(); ++row) {
    const auto shop = shops.find(rows.integer(row, 1));
    if (shop == shops.end()) continue;
    Visitor visitor;
    visitor.id = parse_uuid(rows.text(row, 0));
    visitor.shop = shop->second;
    if (!rows.is_null(row, 2)) visitor.customer = rows.integer(row, 2);
    visitor.first_seen = parse_instant(rows.text(row, 3));
    visitor.ip = rows.text(row, 4);
    if (visitor.ip.find(':') != std::string::npos) visitor.ip = "2001:db8::1/128";
    visitor.country = rows.text(row, 5);
    visitor.device = "mobile";
    visitor.browser = "Chrome";
    memory.visitors.add(std::move(visitor));
  }
}

void load_customers(postgres::Connection& connection, const std::map<std::int64_t, std::size_t>& shops,
                    Memory& memory) {
  const auto rows = connection.query(
      "SELECT id, shop_id, email FROM app.customers WHERE redacted_at IS NULL AND email IS NOT NULL "
      "ORDER BY id DESC LIMIT 1000");
  for (int row = 0; row < rows.rows(); ++row) {
    const auto shop = shops.find(rows.integer(row, 1));
    if (shop == shops.end()) continue;
    Customer customer;
    customer.id = rows.integer(row, 0);
    customer.shop = shop->second;
    customer.email = rows.text(row, 2);
    memory.customers.add(std::move(customer));
  }
}

void load_spend(postgres::Connection& connection, const World& world, Instant now, Memory& memory) {
  // A campaign and an ad may have one id; an account reports at one level only.
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> spenders;
  for (std::size_t i = 0; i < world.spenders.size(); ++i) {
    spenders[{world.accounts[world.spenders[i].account].id, world.spenders[i].id}] = i;
  }
  const auto rows = connection.query(
      "SELECT ad_account_id, entity_id, hour_start FROM app.ad_spend_hourly WHERE date_trunc('hour', "
      "hour_start) = "
      "hour_start "
      "ORDER BY hour_start DESC, entity_level, entity_id LIMIT 3000");
  for (int row = 0; row < rows.rows(); ++row) {
    const auto spender = spenders.find({rows.integer(row, 0), rows.integer(row, 1)});
    if (spender == spenders.end()) continue;
    SpendHour spend;
    spend.spender = spender->second;
    spend.hour = parse_instant(rows.text(row, 2));
    memory.spend.add(spend);
  }
  const auto range = connection.query("SELECT min(hour_start), max(hour_start) FROM app.ad_spend_hourly");
  memory.oldest_spend = memory.newest_spend = floor<hours>(now);
  if (range.is_null(0, 0)) return;
  memory.oldest_spend = floor<hours>(parse_instant(range.text(0, 0)));
  memory.newest_spend = floor<hours>(parse_instant(range.text(0, 1)));
}

}  // namespace

Memory load_memory(postgres::Connection& connection, const World& world, Instant now) {
  Memory memory;
  const auto shops = places_of_shops(world);
  load_visitors(connection, shops, memory);
  load_customers(connection, shops, memory);
  load_spend(connection, world, now, memory);
  return memory;
}

}  // namespace freshet::adshop
