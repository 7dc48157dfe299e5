// How fast a snapshot reads, against COPY … (FORMAT binary) to nowhere: medians of five runs on one table of
// a million rows and 13 columns. Not a test: `snapshot_measure [rows]`.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "snapshot/player.h"

namespace freshet::capture {
namespace {

constexpr int kRuns = 5;

double seconds(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

double median(const std::function<void()>& work) {
  std::vector<double> runs;
  for (int i = 0; i < kRuns; ++i) runs.push_back(seconds(work));
  std::ranges::sort(runs);
  return runs[kRuns / 2];
}

void snapshot(test::TestDatabase& database, int workers) {
  Player player(database);
  player.options.workers = workers;
  player.start({all_of("orders")});
  std::uint64_t bytes = 0;
  while (!player.snapshotter().status().complete()) {
    std::optional<FinishedChunk> chunk = player.snapshotter().take(Lsn(~std::uint64_t{0}));
    if (!chunk) {
      test::pause_between_looks();
      continue;
    }
    std::string_view tuple;
    while (chunk->rows.next(tuple)) bytes += tuple.size();
  }
  if (bytes == 0) std::abort();
}

int measure(const std::string& rows) {
  test::TestDatabase database;
  database.sql(
      "CREATE TABLE orders AS SELECT i::bigint AS id, gen_random_uuid() AS workspace_id, i % 1000 AS "
      "shop_id, now() AS "
      "created_at, now() AS updated_at, 'EUR' AS currency, (i * 1.25)::numeric(14,2) AS total, (i * "
      "0.2)::numeric(14,2) "
      "AS tax, i % 7 = 0 AS test, 'paid' AS status, 'customer-' || i || '@example.com' AS email, i % 5 AS "
      "items, "
      "jsonb_build_object('source', 'web', 'n', i) AS meta FROM generate_series(1, " +
      rows + ") i");
  database.sql("VACUUM ANALYZE orders");
  const double copy = median([&] {
    database.connection().copy_out(
        "COPY orders TO STDOUT (FORMAT binary)", [](std::string_view) {}, std::chrono::minutes(5));
  });
  const double count = std::stod(rows);
  fmt::print("COPY (FORMAT binary):  {:6.2f} s  {:9.0f} rows/s\n", copy, count / copy);
  for (const int workers : {1, 2}) {
    const double took = median([&] { snapshot(database, workers); });
    fmt::print("snapshot, {} worker(s): {:6.2f} s  {:9.0f} rows/s  {:.2f} of COPY\n", workers, took,
               count / took, copy / took);
  }
  return 0;
}

}  // namespace
}  // namespace freshet::capture

int main(int count, char** arguments) {
  return freshet::capture::measure(count > 1 ? arguments[1] : "1000000");
}
