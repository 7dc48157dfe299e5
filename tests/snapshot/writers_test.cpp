// A snapshot beside random writers: its rows at (V, 0) and the stream's changes give the table, with kills of
// the reader in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "capture/catalog.h"
#include "snapshot/player.h"
#include "snapshot/stream.h"

namespace freshet::capture {
namespace {

constexpr int kRows = 8'000;

// Inserts, updates (with TOAST values kept and changed), key changes, deletes, rollbacks, bulk changes. Some
// stay open for a while.
void write(const std::string& url, unsigned seed, std::stop_token stop) {
  postgres::Connection connection({.url = url, .purpose = "freshet test writer"});
  std::mt19937 random(seed);
  const auto id = [&] { return std::to_string(random() % (2 * kRows)); };
  while (!stop.stop_requested()) {
    const std::string a = id();
    const std::string b = id();
    const std::string statements[] = {
        "INSERT INTO t VALUES (" + a + ", 'new', big(" + b + ")) ON CONFLICT DO NOTHING",
        "UPDATE t SET n = 'changed " + b + "' WHERE id = " + a,
        "UPDATE t SET doc = big(" + b + ") WHERE id = " + a,
        "UPDATE t SET id = " + b + " WHERE id = " + a + " AND NOT EXISTS (SELECT FROM t WHERE id = " + b +
            ")",
        "DELETE FROM t WHERE id = " + a,
        "UPDATE t SET n = n || '+' WHERE id BETWEEN " + a + " AND " + a + " + 50",
    };
    try {
      connection.run("BEGIN");
      for (unsigned i = random() % 4 + 1; i > 0; --i)
        connection.run(statements[random() % std::size(statements)]);
      connection.run(random() % 8 == 0 ? "ROLLBACK" : "COMMIT");
    } catch (const postgres::SqlError&) {
      connection.run("ROLLBACK");  // two writers chose one key, or a deadlock
    }
  }
}

class SnapshotWriters : public testing::TestWithParam<unsigned> {};

TEST_P(SnapshotWriters, ItsRowsAndTheStreamGiveTheTable) {
  const unsigned seed = GetParam();
  std::mt19937 random(seed);
  test::TestDatabase database;
  database.sql(
      "CREATE FUNCTION big(int) RETURNS text LANGUAGE sql IMMUTABLE AS "
      "$$ SELECT string_agg(md5(($1 * 100 + i)::text), '') FROM generate_series(1, 80) i $$;"
      "CREATE TABLE t (id int PRIMARY KEY, n text, doc text);"
      "ALTER TABLE t ALTER doc SET STORAGE EXTERNAL;"
      "INSERT INTO t SELECT i, 'first', big(i) FROM generate_series(1, " +
      std::to_string(kRows) + ") i; CREATE PUBLICATION pub FOR TABLE t");
  std::vector<std::jthread> writers;
  for (unsigned i = 0; i < 2; ++i)
    writers.emplace_back([&, i](std::stop_token stop) { write(database.url(), seed * 10 + i, stop); });

  SlotStream stream(database, "pub");
  MergedTable merged(describe_published(database.connection(), "pub", "public", "t").schema);
  Player player(database);
  player.options.publication = "pub";
  player.options.chunk_bytes = 20'000;
  Lsn passed = stream.start();
  bool keys = false;
  const auto append = [&] {
    passed = stream.advance(merged);
    while (player.take_one(passed)) {
      PlayedStream& played = player.streams["public.t"];
      for (const std::string& row : played.rows)
        keys ? merged.read_again(played.v, row) : merged.snapshot_row(played.v, row);
      for (const std::string& gone : played.gone) merged.gone(played.v, gone);
      played.rows.clear();
      played.gone.clear();
    }
  };
  const std::vector<TableRequest> tables{
      all_of("t", seed % 2 == 0 ? SnapshotMode::first : SnapshotMode::again)};
  player.start(tables);
  const bool truncates = seed % 3 == 0;
  int lives = 0;
  ASSERT_TRUE(test::eventually(
      [&] {
        append();
        if (player.snapshotter().status().complete()) return true;  // asked for again it would be read again
        if (lives < 4 && random() % 3 == 0) {
          player.forget_snapshotter();
          player.start(tables);
          ++lives;
          if (truncates && lives == 2) database.sql("TRUNCATE t");
          if (!truncates && lives == 3) database.sql("VACUUM FULL t");
        }
        return false;
      },
      std::chrono::seconds(60)));
  for (std::jthread& writer : writers) writer.request_stop();
  writers.clear();
  append();
  if (player.streams["public.t"].flags & kSweep) merged.sweep(player.streams["public.t"].v);

  // Rows that moved between pages, with values the stream didn't send.
  if (const auto waiting = merged.waiting(); !waiting.empty()) {
    keys = true;
    const int chunks = player.streams["public.t"].chunks;
    player.snapshotter().read_keys({.schema = "public",
                                    .table = "t",
                                    .columns = {"id"},
                                    .keys = waiting,
                                    .v = player.streams["public.t"].v});
    ASSERT_TRUE(test::eventually([&] {
      append();
      return player.streams["public.t"].chunks > chunks;
    }));
  }
  EXPECT_EQ(merged.waiting().size(), 0u);
  EXPECT_EQ(difference(database, merged.schema(), merged.rows()), "") << "seed " << seed;
  EXPECT_EQ(player.streams["public.t"].ended, 1) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, SnapshotWriters, testing::Range(1u, 5u));

}  // namespace
}  // namespace freshet::capture
