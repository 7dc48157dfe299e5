// Snapshots beside changes: what arrives before, between and after a table's rows, and what their end sweeps.
#include <gtest/gtest.h>

#include "load/rig.h"

namespace freshet::test {
namespace {

Row row(std::int64_t id, const char* name, const char* doc = "d") {
  return {id, name, doc, "1.50"};
}

class Snapshots : public testing::Test {
 protected:
  void SetUp() override { rig.start(); }

  Rig rig;
  Source& source = rig.source();
};

TEST_F(Snapshots, BringRowsBelowWhatCommitsAfterThem) {
  source.insert("items", row(1, "old"));
  source.commit();
  const Lsn v = source.begin_snapshot("items");
  source.update("items", row(1, "new"));
  source.commit();
  source.snapshot_row("items", v, row(1, "old"));
  source.end_snapshot("items", v);
  rig.settle();
  rig.expect_equal("items");
}

TEST_F(Snapshots, LetAChangeWaitForItsRow) {
  for (const char* table : {"items", "keeps"}) {
    source.seed(table, row(1, "first", "long"));
    const Lsn v = source.begin_snapshot(table);
    rig.settle();
    source.update(table, row(1, "changed", kUnchanged));
    source.update(table, row(1, "changed again", kUnchanged));
    source.commit();
    rig.settle();
    EXPECT_EQ(rig.status_of(std::string("app.") + table)->waiting, 2U);
    EXPECT_TRUE(rig.live(table).empty());
    source.snapshot_row(table, v, row(1, "first", "long"));
    source.end_snapshot(table, v);
    rig.settle();
    EXPECT_EQ(rig.live(table), (Rows{{1, row(1, "changed again", "long")}}));
    EXPECT_EQ(rig.status_of(std::string("app.") + table)->waiting, 0U);
  }
}

TEST_F(Snapshots, LetWaitWhatARestartFindsAgain) {
  source.seed("items", row(1, "first", "long"));
  const Lsn v = source.begin_snapshot("items");
  source.update("items", row(1, "changed", kUnchanged));
  source.commit();
  rig.settle();
  rig.stop();
  rig.start();
  source.snapshot_row("items", v, row(1, "first", "long"));
  source.end_snapshot("items", v);
  rig.settle();
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "changed", "long")}}));
}

// However much that is together.
TEST_F(Snapshots, TakeUpWhatWaitsForThemInPortions) {
  constexpr int kRows = 12, kRead = 10;
  rig.stop();
  rig.fill_bytes_max = 8'000;
  rig.answer_bytes_max = 40'000;
  rig.start();
  const std::string name(2'000, 'n');
  for (const char* table : {"items", "keeps"}) {
    for (int id = 1; id <= kRows; ++id) source.seed(table, row(id, "first", "long"));
    const Lsn v = source.begin_snapshot(table, kSweep);
    for (int change = 0; change < 3; ++change) {
      for (int id = 1; id <= kRows; ++id) source.update(table, row(id, name.c_str(), kUnchanged));
      source.commit();
      rig.settle();
    }
    source.move(table, 1, row(101, "moved", kUnchanged));
    source.remove(table, 2);
    source.commit();
    rig.settle();
    ASSERT_GE(rig.status_of(std::string("app.") + table)->waiting, 2U * kRows);
    for (int id = 1; id <= kRead; ++id) source.snapshot_row(table, v, row(id, "first", "long"));
    source.end_snapshot(table, v, kSweep);
    rig.settle();
    EXPECT_EQ(rig.status_of(std::string("app.") + table)->waiting, 3U * (kRows - kRead));
    for (int id = kRead + 1; id <= kRows; ++id) source.snapshot_row(table, v, row(id, "first", "long"));
    rig.settle();
    rig.expect_equal(table);
  }
  rig.stop();
  std::set<std::string> unresolved;
  for (const load::UnresolvedKeys& keys : rig.unresolved)
    for (const std::string& key : keys.keys) unresolved.insert(keys.stream + key);
  EXPECT_EQ(unresolved.size(), 2U * (kRows - kRead));
}

// What waits for a single row can't be taken up in portions.
TEST_F(Snapshots, ForWhoseRowTooMuchWaitsStopTheirStreamAlone) {
  rig.stop();
  rig.answer_bytes_max = 20'000;
  rig.start();
  const std::string name(2'000, 'n');
  source.seed("items", row(1, "first", "long"));
  const Lsn v = source.begin_snapshot("items");
  for (int change = 0; change < 30; ++change) source.update("items", row(1, name.c_str(), kUnchanged));
  source.commit();
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->waiting, 30U);
  source.snapshot_row("items", v, row(1, "first", "long"));
  source.insert("keeps", row(1, "goes on"));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::stopped);
  EXPECT_NE(rig.status_of("app.items")->reason.find("more than 20000 bytes"), std::string::npos)
      << rig.status_of("app.items")->reason;
  rig.expect_equal("keeps");

  rig.load().read_anew({"app.items"}).get();
  rig.stop();
  rig.start();
  const Lsn anew = source.begin_snapshot("items", kSweep | kFromHere);
  source.snapshot_row("items", anew, source.rows("items").at(1));
  source.end_snapshot("items", anew, kSweep);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::running);
  EXPECT_EQ(rig.status_of("app.items")->waiting, 0U);
  rig.expect_equal("items");
}

TEST_F(Snapshots, TakeNothingOlderThanThemselves) {
  source.insert("items", row(1, "a", "stale"));
  source.commit();
  const Lsn v = source.begin_snapshot("items", kSweep);
  source.update("items", row(1, "b", kUnchanged));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->waiting, 1U);
  source.snapshot_row("items", v, row(1, "b", "fresh"));
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "b", "fresh")}}));
}

TEST_F(Snapshots, AnnouncedBeforeTheyBeginTakeNothingOlder) {
  source.insert("items", row(1, "a", "stale"));
  source.commit();
  source.begin_snapshot("items", kSweep);
  source.update("items", row(1, "b", kUnchanged));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->waiting, 1U);
  const Lsn v = source.begin_snapshot("items", kSweep);
  source.update("items", row(1, "c", kUnchanged));
  source.commit();
  source.snapshot_row("items", v, row(1, "b", "fresh"));
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "c", "fresh")}}));
  EXPECT_EQ(rig.status_of("app.items")->waiting, 0U);
}

TEST_F(Snapshots, SweepWhatNoChunkConfirmed) {
  for (const char* table : {"items", "keeps"}) {
    for (int id = 1; id <= 4; ++id) source.insert(table, row(id, "n"));
    source.commit();
    const Lsn v = source.begin_snapshot(table, kSweep);
    source.update(table, row(3, "changed meanwhile"));
    source.commit();
    source.snapshot_row(table, v, row(1, "n"));
    source.end_snapshot(table, v, kSweep);
    rig.settle();
    EXPECT_EQ(rig.live(table), (Rows{{1, row(1, "n")}, {3, row(3, "changed meanwhile")}}));
  }
  EXPECT_EQ(rig.deleted("keeps"), (Rows{{2, row(2, "n")}, {4, row(4, "n")}}));
}

// However large a mirror is, no statement walks all of it.
TEST_F(Snapshots, SweepInPortions) {
  rig.stop();
  rig.walk_rows = 10'000;
  rig.sweep = load::SweepLimits{.ask_above = 100};
  rig.start();
  for (const bool periodic : {false, true}) {
    const std::string table = periodic ? "rates" : "items";
    const std::uint8_t flags = periodic ? kPeriodic | kSweep : kSweep;
    Lsn v = source.begin_snapshot(table, flags);
    for (int id = 1; id <= 40'000; ++id) source.snapshot_row(table, v, row(id, "n"));
    source.end_snapshot(table, v, flags);
    rig.settle();
    EXPECT_EQ(rig.live(table).size(), 40'000U);

    v = source.begin_snapshot(table, flags);
    Rows kept;
    for (int id = 3; id <= 40'000; id += 3) {
      source.snapshot_row(table, v, row(id, "n"));
      kept[id] = row(id, "n");
    }
    source.end_snapshot(table, v, flags);
    rig.settle();
    EXPECT_EQ(rig.live(table), kept) << table;
    const std::string statements =
        rig.client().value("SELECT uniqExact(_loaded_at), count() FROM raw." + table + " WHERE _deleted = 1");
    EXPECT_GE(std::stoi(statements), 2) << table;
  }
}

TEST_F(Snapshots, ReportKeysThatNoChunkHadAndSpareThem) {
  source.insert("items", row(1, "a", "stale"));
  source.commit();
  const Lsn v = source.begin_snapshot("items", kSweep);
  source.update("items", row(1, "b", kUnchanged));
  source.commit();
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  EXPECT_EQ(rig.live("items").count(1), 1U) << "what waits is alive";
  source.snapshot_row("items", v, row(1, "b", "fresh"));
  rig.settle();
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "b", "fresh")}}));
  rig.stop();
  ASSERT_FALSE(rig.unresolved.empty());
  EXPECT_EQ(rig.unresolved[0].stream, "app.items");
  EXPECT_EQ(rig.unresolved[0].v, v);
  EXPECT_EQ(rig.unresolved[0].keys, std::vector<std::string>{key_tuple_of(1)});
}

// Read by its key, and journalled after another row took the key.
TEST_F(Snapshots, ByKeySayNothingOfWhatCommittedAfterThem) {
  source.seed("items", row(5, "A", "docA"));
  source.seed("items", row(1, "B", "docB"));
  const Lsn v = source.begin_snapshot("items");
  source.update("items", row(5, "A2", kUnchanged));
  source.commit();
  source.snapshot_row("items", v, row(1, "B", "docB"));
  source.end_snapshot("items", v);
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->waiting, 1U);
  const Lsn read_at = source.insert_lsn();
  source.move("items", 5, row(6, "A3", "docA"));
  source.move("items", 1, row(5, "B2", kUnchanged));
  source.insert("items", row(1, "C", "docC"));
  source.commit();
  source.snapshot_row("items", v, row(5, "A2", "docA"), kByKey, read_at);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->waiting, 1U) << "row B, for a later reading";
  source.snapshot_row("items", v, row(5, "B2", "docB"), kByKey, source.insert_lsn());
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->waiting, 0U);
  rig.expect_equal("items");
}

TEST_F(Snapshots, OfARowThatWasDeletedBeforeItWasReadKeepNothing) {
  source.seed("keeps", row(1, "first"));
  const Lsn v = source.begin_snapshot("keeps");
  source.update("keeps", row(1, "changed", kUnchanged));
  source.remove("keeps", 1);
  source.commit();
  rig.settle();
  source.end_snapshot("keeps", v);
  rig.settle();
  EXPECT_TRUE(rig.live("keeps").empty());
  EXPECT_TRUE(rig.deleted("keeps").empty()) << "it was never seen";
  EXPECT_EQ(rig.status_of("app.keeps")->waiting, 0U);
}

TEST_F(Snapshots, OfARowReadUnderItsNewKey) {
  const Lsn v = source.begin_snapshot("items");
  source.seed("items", row(1, "a", "long"));
  source.move("items", 1, row(2, "b", kUnchanged));
  source.commit();
  source.snapshot_row("items", v, row(2, "b", "long"));
  source.end_snapshot("items", v);
  rig.settle();
  rig.expect_equal("items");
}

TEST_F(Snapshots, OfATableThatWasPeriodicSweepItsOldRows) {
  Lsn v = source.begin_snapshot("rates", kPeriodic | kSweep);
  for (int id = 1; id <= 3; ++id) source.snapshot_row("rates", v, row(id, "n"));
  source.end_snapshot("rates", v, kPeriodic | kSweep);
  rig.settle();
  rig.stop();
  std::vector<contract::StreamContract> contracts = all_contracts();
  contracts[2].mode = contract::Mode::streamed;
  rig.change_contracts(contracts);
  rig.start();
  v = source.begin_snapshot("rates", kSweep);
  source.snapshot_row("rates", v, row(1, "n"));
  source.snapshot_row("rates", v, row(2, "n"));
  source.end_snapshot("rates", v, kSweep);
  rig.settle();
  EXPECT_EQ(rig.live("rates"), (Rows{{1, row(1, "n")}, {2, row(2, "n")}}));
}

TEST_F(Snapshots, OfAPeriodicTableInsertOnlyWhatDiffers) {
  Lsn v = source.begin_snapshot("rates", kPeriodic | kSweep);
  for (int id = 1; id <= 3; ++id) source.snapshot_row("rates", v, row(id, "n"));
  source.snapshot_row("rates", v, {4, std::nullopt, std::nullopt, std::nullopt});
  source.end_snapshot("rates", v, kPeriodic | kSweep);
  rig.settle();
  EXPECT_EQ(rig.live("rates").size(), 4U);

  v = source.begin_snapshot("rates", kPeriodic | kSweep);
  source.snapshot_row("rates", v, row(1, "n"));
  rig.settle();
  EXPECT_EQ(rig.live("rates").size(), 4U) << "nothing shows before all of it is there";
  source.snapshot_row("rates", v, row(2, "other"));
  source.snapshot_row("rates", v, {4, std::nullopt, std::nullopt, std::nullopt});
  source.snapshot_row("rates", v, row(5, "new"));
  source.end_snapshot("rates", v, kPeriodic | kSweep);
  rig.settle();
  EXPECT_EQ(rig.live("rates"), (Rows{{1, row(1, "n")},
                                     {2, row(2, "other")},
                                     {4, {4, std::nullopt, std::nullopt, std::nullopt}},
                                     {5, row(5, "new")}}));
  EXPECT_EQ(rig.client().value(
                "SELECT count() FROM raw.rates WHERE bitShiftRight(_version, 64) % 72057594037927936 = " +
                std::to_string(v.value())),
            "3")
      << "two that differ and a tombstone";
  EXPECT_EQ(rig.client().value("SELECT count() FROM lookup.rates__name FINAL WHERE name = 'new'"), "1");
}

}  // namespace
}  // namespace freshet::test
