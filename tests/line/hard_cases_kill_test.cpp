// Kills in the midst of the hard cases: values that no mirror holds and what waits behind them, unchanged
// values out of line, keys that move, other replica identities, a table under another name, one that leaves
// the project and comes back, a full disk, partitions emptied and taken out beside the stream, a table out of
// the publication for a while, columns added and of another type, tables read again, sweeps that ask, streams
// paused, replays in vain, and what waits given up. Once the contracts are mended, every mirror is equal to
// its table.
//
//   FRESHET_KILLS=500 FRESHET_SEED=7 build/dev/tests/line/line_hard_cases_kill_test
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "line/contracts.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kPoints[] = {"chunk_read", "chunk_taken", "received",     "spooled",
                                   "noting",     "noted",       "journalled",   "confirmed",
                                   "intent",     "inserted",    "cut_recorded", "released"};
constexpr const char* kTables[] = {"documents", "kept", "parted", "retyped", "named", "identified", "coming"};
// Where `freshet stream add` and `remove` may die; nowhere.
constexpr const char* kCommandPoints[] = {"stream_added_to_files", "stream_published",
                                          "stream_removed_from_files", "stream_taken_out", ""};

constexpr const char* kDeadlock = "40P01";

constexpr const char* kSchema = R"(
CREATE TABLE documents (id bigint PRIMARY KEY, n int NOT NULL, price numeric(10,2), doc text);
CREATE TABLE kept (LIKE documents INCLUDING ALL);
ALTER TABLE kept REPLICA IDENTITY FULL;
ALTER TABLE documents ALTER doc SET STORAGE EXTERNAL;
ALTER TABLE kept ALTER doc SET STORAGE EXTERNAL;
CREATE TABLE parted (id bigint PRIMARY KEY, v text) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE retyped (id bigint PRIMARY KEY, v int);
CREATE TABLE named (id bigint PRIMARY KEY, v text);
CREATE TABLE identified (id bigint PRIMARY KEY, n bigint NOT NULL UNIQUE, v text);
CREATE TABLE coming (id bigint PRIMARY KEY, v text);
INSERT INTO named SELECT i, i FROM generate_series(0, 99) i;
INSERT INTO identified SELECT i, i, i FROM generate_series(0, 99) i;
INSERT INTO coming SELECT i, i FROM generate_series(0, 99) i;
INSERT INTO documents SELECT i, 0, i, repeat(md5(i::text), 100) FROM generate_series(0, 59) i;
INSERT INTO kept SELECT * FROM documents;
INSERT INTO parted SELECT i, md5(i::text) FROM generate_series(0, 4999) i;
INSERT INTO retyped SELECT i, i FROM generate_series(0, 99) i;
)";

constexpr const char* kSettings = R"(
intervals: {heartbeat: 200ms, canary: 1s}
limits: {capture_memory: 1MiB, snapshot_chunk: 64KiB, snapshot_rows_per_second: 8000}
)";

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

// Writes one transaction after another. What it writes follows from its seed.
class Hand {
 public:
  Hand(const std::string& url, std::uint64_t seed)
      : random_(seed),
        source_({.url = url, .purpose = "freshet test writer"}),
        thread_([this](std::stop_token stop) {
          while (!stop.stop_requested()) {
            if (below(60) == 0) elsewhere();
            write(transaction());
            for (int pauses = 0; pauses < 3; ++pauses) pause_between_looks();
          }
        }) {}

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  // Whether it did: it loses a deadlock to who wants an exclusive lock against a table's reading.
  bool write(const std::string& sql) try {
    source_.run(sql, 60s);
    return true;
  } catch (const postgres::SqlError& error) {
    if (error.sqlstate() != kDeadlock) throw;
    source_.run("ROLLBACK", 60s);
    return false;
  }

  std::string transaction() {
    std::string sql = "BEGIN;";
    for (std::uint64_t steps = 1 + below(4); steps > 0; --steps) {
      const bool undone = below(8) == 0;
      sql += undone ? "SAVEPOINT s;" + step() + "ROLLBACK TO s;" : step();
    }
    return sql + (below(12) == 0 ? "ROLLBACK" : "COMMIT");
  }

  // Several transactions: a table has another name for a while, or tells its rows apart by another key, or by
  // none.
  void elsewhere() {
    if (below(2) == 0)
      in_turn({"ALTER TABLE named RENAME TO nameless; UPDATE nameless SET v = 'under another name'",
               fmt::format("DELETE FROM nameless WHERE id = {}", below(100)),
               "ALTER TABLE nameless RENAME TO named"});
    constexpr const char* kIdentities[] = {"USING INDEX identified_n_key", "NOTHING", "FULL"};
    in_turn({fmt::format("ALTER TABLE identified REPLICA IDENTITY {}", kIdentities[below(3)]),
             fmt::format("INSERT INTO identified VALUES ({0}, {0}, 'new') ON CONFLICT DO NOTHING",
                         100 + below(10'000)),
             "ALTER TABLE identified REPLICA IDENTITY DEFAULT",
             fmt::format("DELETE FROM identified WHERE id = {}", below(100))});
  }
  void in_turn(const std::vector<std::string>& transactions) {
    for (const std::string& transaction : transactions) {
      while (!write(transaction)) pause_between_looks();
      pause_between_looks();
    }
  }

  std::string step() {
    if (below(500) == 0) return unseen();  // each has a table read again
    switch (below(6)) {
      case 0: return parted();
      case 1:
        return fmt::format(
            "UPDATE retyped SET v = '{0}' WHERE id = {1}; UPDATE named SET v = '{0}' WHERE id = {1};"
            "UPDATE identified SET v = '{0}' WHERE id = {1}; UPDATE coming SET v = '{0}' WHERE id = {1};",
            below(1000), below(100));
      default: return document(below(2) == 0 ? "documents" : "kept");
    }
  }

  std::string document(const char* table) {
    const std::uint64_t id = below(60);
    // More than capture holds in memory.
    if (below(200) == 0) return fmt::format("UPDATE {} SET doc = repeat(md5('{}'), 1000);", table, random_());
    switch (below(8)) {
      case 0:
        return fmt::format(
            "INSERT INTO {0} VALUES ({1}, 0, 1, repeat(md5('{2}'), 100)) ON CONFLICT (id) DO UPDATE SET doc "
            "= "
            "excluded.doc;",
            table, id, random_());
      case 1: return fmt::format("DELETE FROM {} WHERE id = {};", table, id);
      case 2:
        return fmt::format(
            "UPDATE {0} SET id = {2} WHERE id = {1} AND NOT EXISTS (SELECT 1 FROM {0} WHERE id = {2});",
            table, id, below(60));
      case 3: return fmt::format("UPDATE {} SET price = 'NaN' WHERE id = {};", table, below(20));
      case 4: return fmt::format("UPDATE {} SET price = {} WHERE id = {};", table, below(1000), id);
      default: return fmt::format("UPDATE {} SET n = n + 1 WHERE id = {};", table, id);
    }
  }

  std::string parted() {
    const std::uint64_t id = below(10'000);
    switch (below(40)) {
      case 0: return "TRUNCATE parted;";
      case 1: return fmt::format("DELETE FROM parted WHERE id BETWEEN {0} AND {0} + 50;", id);
      case 2:
        return "INSERT INTO parted SELECT i, 'anew' FROM generate_series(0, 4999) i ON CONFLICT DO NOTHING;";
      default:
        return fmt::format(
            "INSERT INTO parted VALUES ({}, 'new') ON CONFLICT (id) DO UPDATE SET v = 'again';", id);
    }
  }

  // What the stream doesn't tell.
  std::string unseen() {
    switch (below(3)) {
      case 0: return fmt::format("TRUNCATE parted_{};", below(2));
      case 1:
        return fmt::format(
            "ALTER TABLE parted DETACH PARTITION parted_1; DELETE FROM parted_1 WHERE id % 7 = {};"
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);",
            below(7));
      default:
        return fmt::format(
            "ALTER PUBLICATION freshet DROP TABLE kept; UPDATE kept SET n = n + 1 WHERE id % 5 = {0};"
            "DELETE FROM kept WHERE id = {0}; ALTER PUBLICATION freshet ADD TABLE kept;",
            below(5));
    }
  }

  std::mt19937_64 random_;
  postgres::Connection source_;
  std::jthread thread_;
};

class HardCases : public testing::Test {
 protected:
  HardCases()
      : seed_(from_environment("FRESHET_SEED", 20261123)), random_(seed_), mirrored_(kSchema, kSettings) {
    std::cout << "seed " << seed_ << std::endl;
    line().limit_disk("journal");
    change_contracts(mirrored_.project(), [](contract::StreamContract& contract) {
      if (contract.mirror == "kept") contract.on_delete = contract::OnDelete::keep;
    });
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  Line& line() { return mirrored_.line(); }

  std::string any_table() { return std::string("public.") + kTables[below(std::size(kTables))]; }

  // It may be refused: the line may be dying, or have nothing to replay. One after another.
  void say_something(std::uint64_t number) {
    const std::string table = any_table();
    switch (number % 10) {
      case 0: line().say({"quarantine", "replay", table}); return;
      case 1: line().say({"stream", "pause", table}); return;
      case 2: line().say({"stream", "resume", table}); return;
      case 3: line().kill_store(); return;
      case 4: line().say({"sweep", "allow", "public.parted"}); return;
      case 5: drop_from_quarantine(); return;
      case 6: take_out_or_in(); return;
      case 7: line().fill_disk("journal"); return;
      case 8: fill_disk_for_a_while(); return;
      default: line().say({"snapshot", table}); return;
    }
  }

  // Its mirror differs until the table is read again.
  void drop_from_quarantine() {
    const std::string table = "public.documents";
    line().say({"quarantine", "drop", table, "--all", "--because", "a test"});
    if (below(2) == 0) line().say({"snapshot", table});
  }

  void take_out_or_in() {
    const char* does = fs::exists(mirrored_.project() + "/contracts/coming.yaml") ? "remove" : "add";
    line().say({"stream", does, "public.coming"}, kCommandPoints[below(std::size(kCommandPoints))]);
  }

  void fill_disk_for_a_while() {
    line().fill_disk("journal");
    run_for(std::chrono::milliseconds(below(1'000)));
    line().free_disk("journal");
  }

  void run_for(std::chrono::milliseconds duration) {
    const auto until = std::chrono::steady_clock::now() + duration;
    while (line().running() && std::chrono::steady_clock::now() < until) pause_between_looks();
  }

  // Tables are read again until one of its chunks, or what comes beside them, leads to the point.
  void kill_at(const char* point) {
    line().start(fmt::format("{}:{}", point, 1 + below(10)));
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (line().running() && std::chrono::steady_clock::now() < until) {
      run_for(2s);
      if (line().running()) line().say({"snapshot", any_table()});
    }
    if (line().was_killed("up")) died_at_.insert(point);
    line().kill();
  }

  // What chance has left out.
  void kill_at_what_is_left() {
    for (int attempt = 0; attempt < 5; ++attempt)
      for (const char* point : kPoints)
        if (!died_at_.contains(point)) kill_at(point);
  }

  void kill_at_random(std::uint64_t number) {
    line().start();
    run_for(std::chrono::milliseconds(500 + below(1'500)));
    say_something(number);
    run_for(std::chrono::milliseconds(below(1'500)));
    line().kill();
  }

  // Half of them at a named point, one point after another.
  void kill_once(std::uint64_t number) {
    if (number % 2 == 0)
      kill_at(kPoints[number / 2 % std::size(kPoints)]);
    else
      kill_at_random(number / 2);
  }

  // Nothing that breaks them is left: what waits fits.
  void mend_the_contracts() {
    change_contracts(mirrored_.project(), [](contract::StreamContract& contract) {
      for (contract::ColumnContract& column : contract.columns)
        if (column.name == "price") column.null_when.nan = true;
    });
    edit_file(mirrored_.project() + "/contracts/retyped.yaml", "physicalType: integer", "physicalType: text");
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  Mirrored mirrored_;
  std::set<std::string> died_at_;
};

TEST_F(HardCases, SurviveKillsToTheLastRow) {
  const std::uint64_t kills = from_environment("FRESHET_KILLS", 50);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(mirrored_.start()) << line().log_tail();
  line().kill();
  {
    const Hand hand(mirrored_.database().url(), seed_);
    for (std::uint64_t i = 0; i < kills; ++i) {
      if (i == kills / 4) mirrored_.sql("ALTER TABLE documents ADD extra int DEFAULT 7");
      if (i == kills / 2) mirrored_.sql("ALTER TABLE retyped ALTER v TYPE text");
      kill_once(i);
    }
    kill_at_what_is_left();
  }
  std::cout << kills << " kills in "
            << std::chrono::round<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count()
            << " s" << std::endl;
  EXPECT_EQ(died_at_.size(), std::size(kPoints));

  line().start();
  // Whatever was broken off of it, or nothing.
  line().say({"stream", "add", "public.coming"});
  EXPECT_TRUE(fs::exists(mirrored_.project() + "/contracts/coming.yaml"));
  // What is paused or waits for its contract isn't loaded, and is left out of the cuts.
  ASSERT_TRUE(mirrored_.caught_up()) << line().status_text() << line().log_tail();
  for (const char* table : kTables) line().say({"stream", "resume", std::string("public.") + table});
  // All that came while they were paused.
  ASSERT_TRUE(mirrored_.caught_up(600s)) << line().status_text() << line().log_tail();
  std::cout << mirrored_.clickhouse().value("SELECT count() FROM freshet.quarantine")
            << " changes were in quarantine" << std::endl;
  mirrored_.clickhouse().execute("ALTER TABLE raw.retyped MODIFY COLUMN v Nullable(String)");
  line().stop();
  mend_the_contracts();
  line().start();
  ASSERT_TRUE(mirrored_.caught_up(600s)) << line().status_text() << line().log_tail();
  // One may have been paused, and have changes of both shapes before it; one had another key for a while; of
  // one some changes were given up.
  EXPECT_EQ(line().say({"snapshot", "retyped", "identified", "documents"}).status, 0);
  const auto equal = [&] {
    line().say({"sweep", "allow", "public.parted"});
    return line().parity() == 0;
  };
  EXPECT_TRUE(eventually(equal, 300s)) << line().status_text() << line().log_tail();
  for (const char* table : kTables)
    EXPECT_EQ(mirrored_.clickhouse().value(fmt::format(
                  "SELECT count() FROM (SELECT id, _version FROM raw.{0} GROUP BY id, _version HAVING "
                  "uniqExact(* EXCEPT (_round, _loaded_at)) > 1)",
                  table)),
              "0")
        << table;
  EXPECT_EQ(line().stop(), 0) << line().log_tail();
}

}  // namespace
}  // namespace freshet::test
