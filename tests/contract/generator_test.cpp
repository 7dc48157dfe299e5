// The reference database's generator against a real server: the same seed gives the same rows, what it writes
// holds together, and live traffic does everything that real databases do.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "generator/history.h"
#include "generator/live.h"
#include "generator/schema.h"
#include "support/postgres.h"

namespace freshet::adshop {
namespace {

using namespace std::chrono_literals;
using test::TestDatabase;

const Instant kUntil = parse_instant("2026-11-22 15:00:00+00");

void fill(postgres::Connection& connection, std::uint64_t seed, Instant until = kUntil, int days = 1) {
  create_schema(connection);
  write_history(connection, {.days = days, .seed = seed, .scale = 0.05, .until = until}, [](const auto&) {});
}

std::vector<std::string> tables(TestDatabase& database) {
  const auto rows = database.sql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND "
      "NOT "
      "relispartition ORDER BY 1");
  std::vector<std::string> names;
  for (int row = 0; row < rows.rows(); ++row) names.emplace_back(rows.text(row, 0));
  return names;
}

std::map<std::string, std::string> checksums(TestDatabase& database) {
  std::map<std::string, std::string> sums;
  for (const auto& table : tables(database)) {
    const auto row = database.sql(
        "SELECT count(*) || ' ' || md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM app." + table +
        " t");
    sums[table] = row.text(0, 0);
  }
  return sums;
}

// Rows that a foreign key should have refused: history is loaded with the keys unchecked.
void expect_references_hold(TestDatabase& database) {
  const auto keys = database.sql(
      "SELECT format('SELECT count(*) FROM %s c WHERE c.%I IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %s p "
      "WHERE p.%I = "
      "c.%I)', conrelid::regclass, a.attname, confrelid::regclass, b.attname, a.attname) FROM pg_constraint "
      "k "
      "JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] "
      "JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1] "
      "WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'app'::regnamespace");
  EXPECT_GT(keys.rows(), 40);
  for (int row = 0; row < keys.rows(); ++row) {
    const std::string query(keys.text(row, 0));
    EXPECT_EQ(database.sql(query).integer(0, 0), 0) << query;
  }
}

void expect_amounts_add_up(TestDatabase& database) {
  const auto wrong = database.sql(
      "SELECT o.id FROM app.orders o JOIN LATERAL (SELECT coalesce(sum(line_gross), 0) gross, "
      "coalesce(sum(discount_amount), "
      "0) discount, coalesce(sum(tax_amount), 0) tax FROM app.order_lines l WHERE l.order_id = o.id) "
      "l ON true WHERE o.total_amount <> l.gross - l.discount + shipping_amount - "
      "shipping_discount_amount "
      "+ tip_amount + CASE WHEN taxes_included THEN 0 ELSE l.tax END OR o.discount_amount <> l.discount OR "
      "o.tax_amount <> "
      "l.tax");
  EXPECT_EQ(wrong.rows(), 0);
  EXPECT_GT(database.sql("SELECT count(*) FROM app.orders").integer(0, 0), 5);
}

TEST(History, TheSameSeedGivesTheSameRows) {
  TestDatabase one;
  TestDatabase two;
  TestDatabase other;
  fill(one.connection(), 7);
  fill(two.connection(), 7);
  fill(other.connection(), 8);
  const auto sums = checksums(one);
  EXPECT_EQ(sums.size(), 27u);
  EXPECT_EQ(sums, checksums(two));
  const auto others = checksums(other);
  for (const char* table :
       {"page_views", "orders", "visitors", "workspaces", "ad_spend_hourly", "exchange_rates"}) {
    EXPECT_NE(sums.at(table), others.at(table)) << table;
  }
}

TEST(History, HoldsTogether) {
  TestDatabase database;
  fill(database.connection(), 3);
  expect_references_hold(database);
  expect_amounts_add_up(database);
  for (const auto& table : tables(database)) {
    if (table == "refunds" || table == "refund_lines") continue;  // rare at this scale
    EXPECT_GT(database.sql("SELECT count(*) FROM app." + table).integer(0, 0), 0) << table;
  }
  EXPECT_EQ(database.sql("SELECT count(*) FROM app.page_views WHERE occurred_at >= '2026-11-22 15:00Z'")
                .integer(0, 0),
            0);
  for (const char* table : {"page_views_default", "ad_impressions_default", "ad_clicks_default"}) {
    EXPECT_EQ(database.sql(std::string("SELECT count(*) FROM app.") + table).integer(0, 0), 0) << table;
  }
  EXPECT_GT(
      database
          .sql("INSERT INTO app.products (workspace_id, shop_id, external_product_id, title, handle) SELECT "
               "workspace_id, id, 'x', 'x', 'x' FROM app.shops LIMIT 1 RETURNING id")
          .integer(0, 0),
      0)
      << "sequences go on behind the history";
}

TEST(History, RefusesToMixWithWhatIsThere) {
  TestDatabase database;
  fill(database.connection(), 3);
  EXPECT_THROW(write_history(database.connection(), {.until = kUntil}, [](const auto&) {}), Error);
}

// Everything that was committed since the slot was made, as test_decoding tells it.
class Decoded {
 public:
  explicit Decoded(TestDatabase& database) : database_(database), slot_("s_" + database.name()) {
    database_.sql("SELECT pg_create_logical_replication_slot('" + slot_ + "', 'test_decoding')");
  }

  void read() {
    rows_ = std::make_unique<postgres::Result>(
        database_.sql("SELECT data FROM pg_logical_slot_get_changes('" + slot_ + "', NULL, NULL)"));
  }

  // Changes that begin so and contain that.
  int count(const std::string& begin, const std::string& part = "") const {
    int found = 0;
    for (int row = 0; row < rows_->rows(); ++row) {
      const std::string_view change = rows_->text(row, 0);
      found += change.starts_with(begin) && change.find(part) != std::string_view::npos;
    }
    return found;
  }

 private:
  TestDatabase& database_;
  std::string slot_;
  std::unique_ptr<postgres::Result> rows_;
};

Instant this_hour() {
  return std::chrono::floor<std::chrono::hours>(system_clock().wall());
}

TEST(Live, DoesEverythingThatRealDatabasesDo) {
  TestDatabase database;
  fill(database.connection(), 3, this_hour());
  Decoded decoded(database);
  std::vector<std::int64_t> reports;
  const LiveTotals totals =
      run_live({.url = database.url(), .rate = 2000, .seed = 5, .duration = 6s}, system_clock(), {},
               [&](const LiveTotals& so_far) { reports.push_back(so_far.changes); });
  decoded.read();
  EXPECT_EQ(totals.failures, 0);
  EXPECT_GE(reports.size(), 3u);
  EXPECT_EQ(totals.oddities.size(), 21u) << "each kind at least once";
  EXPECT_GT(totals.changes, 3000);
  for (const char* table :
       {"visitors", "sessions", "page_views", "ad_impressions", "ad_clicks", "carts", "checkouts", "orders",
        "order_lines", "payment_transactions", "customers", "ad_spend_hourly"}) {
    // Partitions carry their table's name before the month.
    EXPECT_GT(decoded.count(std::string("table app.") + table, "INSERT:"), 0) << table;
  }
  for (const char* table :
       {"visitors", "sessions", "ad_clicks", "carts", "orders", "customers", "ad_sets", "product_variants",
        "ad_spend_hourly", "exchange_rates", "attribution_settings"}) {
    EXPECT_GT(decoded.count(std::string("table app.") + table, "UPDATE:"), 0) << table;
  }
  for (const char* table : {"page_views", "carts", "ads", "orders", "order_lines"}) {
    EXPECT_GT(decoded.count(std::string("table app.") + table, "DELETE:"), 0) << table;
  }
  EXPECT_GT(decoded.count("table app.ad_spend_hourly: UPDATE: old-key:"), 0) << "key changes";
  EXPECT_GT(decoded.count("table app.orders: UPDATE:", "note_attributes[jsonb]:unchanged-toast-datum"), 0);
  EXPECT_GT(decoded.count("table app.ad_sets: UPDATE:", "targeting[jsonb]:unchanged-toast-datum"), 0);
  EXPECT_GT(database
                .sql("SELECT count(*) FROM app.page_views WHERE occurred_at NOT BETWEEN now() - interval '20 "
                     "days' AND "
                     "now() + interval '1 minute'")
                .integer(0, 0),
            0)
      << "rows moved to another month";
  expect_references_hold(database);
  expect_amounts_add_up(database);
}

TEST(Live, WithoutOdditiesOnlyInsertsAndUpdates) {
  TestDatabase database;
  fill(database.connection(), 3, this_hour());
  Decoded decoded(database);
  const LiveTotals totals =
      run_live({.url = database.url(), .rate = 2000, .duration = 2s, .oddities = false, .unchecked = true},
               system_clock(), {}, [](const auto&) {});
  decoded.read();
  EXPECT_TRUE(totals.oddities.empty());
  EXPECT_EQ(decoded.count("table app.", "DELETE:"), 0);
  EXPECT_EQ(decoded.count("table app.ad_spend_hourly: UPDATE: old-key:"), 0);
  // What it says it changed is what was changed.
  EXPECT_EQ(decoded.count("table app."), totals.changes);
  const double views = decoded.count("table app.page_views");
  EXPECT_NEAR(views / static_cast<double>(totals.changes), 0.55, 0.05);
  expect_references_hold(database);
}

TEST(Live, GoesOnAfterARestartWithTheSameSeed) {
  TestDatabase database;
  fill(database.connection(), 3, this_hour());
  for (int runs = 0; runs < 2; ++runs) {
    const LiveTotals totals = run_live({.url = database.url(), .rate = 1000, .duration = 1s}, system_clock(),
                                       {}, [](const auto&) {});
    EXPECT_EQ(totals.failures, 0);
    EXPECT_GT(totals.changes, 0);
  }
}

TEST(Live, StopsWhenAskedTo) {
  TestDatabase database;
  fill(database.connection(), 3, this_hour());
  std::stop_source stop;
  LiveTotals totals;
  std::jthread traffic([&] {
    totals =
        run_live({.url = database.url(), .rate = 500}, system_clock(), stop.get_token(), [](const auto&) {});
  });
  EXPECT_TRUE(test::eventually([&] {
    return database.sql("SELECT count(*) FROM app.sessions WHERE started_at > now() - interval '1 minute'")
               .integer(0, 0) > 0;
  }));
  stop.request_stop();
  traffic.join();
  EXPECT_GT(totals.changes, 0);
}

TEST(Live, GoesOnWhenTheServerComesBack) {
  test::PostgresServer server;
  {
    postgres::Connection connection({.url = server.url(), .purpose = "freshet test"});
    fill(connection, 3, this_hour());
  }
  std::atomic<std::int64_t> changes = 0;
  std::atomic<std::int64_t> reconnects = 0;
  std::jthread traffic([&](std::stop_token stop) {
    run_live({.url = server.url(), .rate = 500}, system_clock(), stop, [&](const LiveTotals& totals) {
      changes = totals.changes;
      reconnects = totals.reconnects;
    });
  });
  EXPECT_TRUE(test::eventually([&] { return changes > 0; }));
  server.stop();
  server.start();
  EXPECT_TRUE(test::eventually([&] { return reconnects > 0; }));
  const std::int64_t before = changes;
  EXPECT_TRUE(test::eventually([&] { return changes > before; }));
}

}  // namespace
}  // namespace freshet::adshop
