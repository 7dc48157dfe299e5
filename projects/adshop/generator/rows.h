// Rows: where the generator's rows go. History collects them by table and copies them in large pieces; live
// traffic makes them INSERTs of a transaction. So the domain files write each kind of row once, for both.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "row.h"

namespace freshet::postgres {
class Connection;
}

namespace freshet::adshop {

enum class Table {
  workspaces,
  users,
  shops,
  attribution_settings,
  exchange_rates,
  ad_accounts,
  campaigns,
  ad_sets,
  creatives,
  ads,
  ad_spend_hourly,
  products,
  product_variants,
  customers,
  visitors,
  sessions,
  page_views,
  ad_impressions,
  ad_clicks,
  carts,
  checkouts,
  orders,
  order_lines,
  order_discounts,
  payment_transactions,
  refunds,
  refund_lines,
};
inline constexpr std::size_t kTableCount = 27;

std::string_view name_of(Table table);
// Those that the records write, in their order.
std::string_view columns_of(Table table);
// Its key comes from a sequence.
bool has_identity(Table table);

class Rows {
 public:
  virtual ~Rows() = default;
  // The row has to be ended before the next one begins.
  virtual Row begin(Table table) = 0;
};

// Copies each table's rows in pieces of about a megabyte. finish() before the transaction ends.
class CopyRows : public Rows {
 public:
  explicit CopyRows(postgres::Connection& connection) : connection_(connection) {}

  Row begin(Table table) override;
  void finish();
  std::int64_t count() const { return count_; }

 private:
  void copy(Table table);

  postgres::Connection& connection_;
  std::array<std::string, kTableCount> pending_;
  std::int64_t count_ = 0;
};

// Multi-row INSERTs, in the order in which their tables were first used: parents before children.
class InsertRows : public Rows {
 public:
  Row begin(Table table) override;
  bool empty() const { return order_.empty(); }
  std::int64_t count() const { return count_; }
  // The statements; begins anew.
  std::string take();

 private:
  std::array<std::string, kTableCount> pending_;
  std::vector<Table> order_;
  std::int64_t count_ = 0;
};

}  // namespace freshet::adshop
