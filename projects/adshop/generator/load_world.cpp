// Reading the world back from a database: load_world() of world.h. Everything in the order of its keys, so
// that equal databases give equal worlds.
#include <fmt/format.h>

#include <map>

#include "adapter/postgres/connection.h"
#include "world.h"

namespace freshet::adshop {
namespace {

// "0.08000" -> 8000 with five digits: decimals of a known scale without a detour over doubles.
std::int64_t unscaled(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
  }
  return text.starts_with('-') ? -value : value;
}

class Loader {
 public:
  explicit Loader(postgres::Connection& connection) : connection_(connection) {}

  World load() {
    load_workspaces();
    load_shops();
    load_variants();
    load_accounts();
    load_ads();
    load_spenders();
    if (world_.shops.empty()) {
      throw Error(ErrorKind::schema,
                  fmt::format("there is no shop with products and ads at {}", connection_.where()),
                  "write some history first: adshop-generator history URL");
    }
    return std::move(world_);
  }

 private:
  void load_workspaces() {
    const auto rows = connection_.query(
        "SELECT w.id, u.id FROM app.workspaces w JOIN app.users u ON u.workspace_id = w.id "
        "ORDER BY w.id, u.id");
    for (int row = 0; row < rows.rows(); ++row) {
      const std::string id(rows.text(row, 0));
      if (!workspaces_.contains(id)) {
        workspaces_[id] = world_.workspaces.size();
        world_.workspaces.push_back({parse_uuid(id), {}});
      }
      world_.workspaces[workspaces_[id]].users.push_back(parse_uuid(rows.text(row, 1)));
    }
  }

  // A shop without products or ads can't have the traffic that is generated here.
  void load_shops() {
    const auto rows = connection_.query(
        "SELECT s.id, s.workspace_id, domain, name, currency, timezone, coalesce(country, 'US'), "
        "coalesce(presentment_currencies[2], currency), taxes_included, "
        "coalesce((SELECT l.tax_rate FROM app.orders o JOIN app.order_lines l ON l.order_id = o.id "
        "          WHERE o.shop_id = s.id LIMIT 1), 0.08000) "
        "FROM app.shops s WHERE EXISTS (SELECT 1 FROM app.products p JOIN app.product_variants v ON "
        "v.product_id = p.id "
        "                               WHERE p.shop_id = s.id) "
        "AND EXISTS (SELECT 1 FROM app.ad_accounts a JOIN app.campaigns c ON c.ad_account_id = a.id "
        "            JOIN app.ad_sets t ON t.campaign_id = c.id JOIN app.ads d ON d.ad_set_id = t.id "
        "            WHERE a.shop_id = s.id) "
        "ORDER BY s.id");
    for (int row = 0; row < rows.rows(); ++row) {
      const auto workspace = workspaces_.find(std::string(rows.text(row, 1)));
      if (workspace == workspaces_.end()) continue;
      Shop shop;
      shop.id = rows.integer(row, 0);
      shop.workspace = workspace->second;
      shop.domain = rows.text(row, 2);
      shop.name = rows.text(row, 3);
      shop.currency = rows.text(row, 4);
      shop.timezone = rows.text(row, 5);
      shop.country = rows.text(row, 6);
      shop.presentment_currency = rows.text(row, 7);
      shop.taxes_included = rows.text(row, 8) == "t";
      shop.tax_rate = unscaled(rows.text(row, 9));
      shop.smallest = shop.currency == "JPY" ? 100 : 1;
      shops_[shop.id] = world_.shops.size();
      world_.shops.push_back(std::move(shop));
    }
  }

  void load_variants() {
    const auto rows = connection_.query(
        "SELECT v.id, v.product_id, p.shop_id, v.price, coalesce(v.unit_cost, 0.0000), p.title, p.handle, "
        "coalesce(v.sku, '') FROM app.product_variants v JOIN app.products p ON p.id = v.product_id ORDER BY "
        "v.id");
    for (int row = 0; row < rows.rows(); ++row) {
      const auto shop = shops_.find(rows.integer(row, 2));
      if (shop == shops_.end()) continue;
      world_.shops[shop->second].variants.push_back(world_.variants.size());
      world_.variants.push_back({rows.integer(row, 0), rows.integer(row, 1), unscaled(rows.text(row, 3)),
                                 unscaled(rows.text(row, 4)), std::string(rows.text(row, 5)),
                                 std::string(rows.text(row, 6)), std::string(rows.text(row, 7))});
    }
  }

  // How an account reports is seen in what it reported.
  void load_accounts() {
    const auto rows = connection_.query(
        "SELECT a.id, a.shop_id, a.platform, a.currency, a.timezone, coalesce(s.entity_level, 'campaign'), "
        "coalesce(s.granularity = 'day', false) FROM app.ad_accounts a LEFT JOIN LATERAL "
        "(SELECT entity_level, granularity FROM app.ad_spend_hourly h WHERE h.ad_account_id = a.id LIMIT 1) "
        "s ON true "
        "ORDER BY a.id");
    for (int row = 0; row < rows.rows(); ++row) {
      const auto shop = rows.is_null(row, 1) ? shops_.end() : shops_.find(rows.integer(row, 1));
      if (shop == shops_.end()) continue;
      accounts_[rows.integer(row, 0)] = world_.accounts.size();
      world_.accounts.push_back({rows.integer(row, 0), shop->second, std::string(rows.text(row, 2)),
                                 std::string(rows.text(row, 3)), std::string(rows.text(row, 4)),
                                 std::string(rows.text(row, 5)), rows.text(row, 6) == "t"});
    }
  }

  void load_ads() {
    const auto rows = connection_.query(
        "SELECT d.id, c.ad_account_id, d.external_ad_id, c.name FROM app.ads d JOIN app.ad_sets t ON t.id = "
        "d.ad_set_id "
        "JOIN app.campaigns c ON c.id = t.campaign_id ORDER BY d.id");
    for (int row = 0; row < rows.rows(); ++row) {
      const auto account = accounts_.find(rows.integer(row, 1));
      if (account == accounts_.end()) continue;
      world_.shops[world_.accounts[account->second].shop].ads.push_back(world_.ads.size());
      world_.ads.push_back({rows.integer(row, 0), account->second, std::string(rows.text(row, 2)),
                            std::string(rows.text(row, 3))});
    }
  }

  void load_spenders() {
    const auto rows =
        connection_.query("SELECT DISTINCT entity_id, ad_account_id FROM app.ad_spend_hourly ORDER BY 2, 1");
    for (int row = 0; row < rows.rows(); ++row) {
      const auto account = accounts_.find(rows.integer(row, 1));
      if (account != accounts_.end()) world_.spenders.push_back({rows.integer(row, 0), account->second, 1});
    }
  }

  postgres::Connection& connection_;
  World world_;
  std::map<std::string, std::size_t> workspaces_;  // by id: places in world_
  std::map<std::int64_t, std::size_t> shops_;
  std::map<std::int64_t, std::size_t> accounts_;
};

}  // namespace

World load_world(postgres::Connection& connection) {
  return Loader(connection).load();
}

}  // namespace freshet::adshop
