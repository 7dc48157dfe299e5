// Every kind of change, through a real journal into a real engine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "load/rig.h"

namespace freshet::test {
namespace {

Row row(std::int64_t id, const char* name, const char* doc = "d", const char* amount = "1.50") {
  return {id, name, doc, amount};
}

class Changes : public testing::Test {
 protected:
  void SetUp() override { rig.start(); }

  Rig rig;
  Source& source = rig.source();
};

TEST_F(Changes, ArriveWhole) {
  for (const char* table : {"items", "keeps"}) {
    for (int id = 1; id <= 5; ++id) source.insert(table, row(id, "n"));
    source.commit();
    source.update(table, row(1, "other"));
    source.remove(table, 2);
    source.update(table, {3, std::nullopt, std::nullopt, std::nullopt});
    source.commit();
    source.insert(table, row(2, "again", "new"));
    source.commit();
  }
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

TEST_F(Changes, OfOneKeyWithinOneTransactionLeaveTheLast) {
  source.insert("items", row(1, "a"));
  source.remove("items", 1);
  source.insert("items", row(1, "b"));
  source.update("items", row(1, "c"));
  source.commit();
  rig.settle();
  rig.expect_equal("items");
}

TEST_F(Changes, WithUnsentValuesAreFilled) {
  for (const char* table : {"items", "keeps"}) {
    source.insert(table, row(1, "a", "long one"));
    source.commit();
  }
  rig.settle();
  for (const char* table : {"items", "keeps"}) {
    source.update(table, row(1, "b", kUnchanged));
    source.insert(table, row(2, "x", "long two"));
    source.update(table, row(2, "y", kUnchanged));
    source.update(table, row(2, "z", kUnchanged));
    source.commit();
  }
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

TEST_F(Changes, OfKeysMoveTheRow) {
  for (const char* table : {"items", "keeps"}) {
    source.insert(table, row(1, "a", "long"));
    source.commit();
    source.move(table, 1, row(10, "a", kUnchanged));
    source.insert(table, row(1, "new one", "short"));
    source.commit();
    source.move(table, 10, row(11, "b", "changed"));
    source.move(table, 11, row(12, "b", kUnchanged));
    source.commit();
  }
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
  EXPECT_EQ(rig.client().value("SELECT count() FROM src.keeps WHERE is_deleted"), "0")
      << "a moved key isn't a deleted row";
}

// Memory is short between the two records of a key change, and ClickHouse merges what it has.
TEST_F(Changes, OfKeysStayWholeWhenMemoryIsShort) {
  rig.stop();
  rig.batch_bytes_max = 1;
  rig.start();
  source.insert("items", row(1, "n", "long"));
  source.commit();
  rig.settle();
  const std::jthread merging([](std::stop_token stop) {
    clickhouse::Client client(clickhouse::Endpoint(engine().url()));
    while (!stop.stop_requested()) client.execute("OPTIMIZE TABLE raw.items FINAL");
  });
  source.insert("items", row(2, std::string(900'000, 'n').c_str()));
  source.move("items", 1, row(1001, std::string(300'000, 'n').c_str(), kUnchanged));
  for (int id = 1; id <= 20; ++id) source.insert("keeps", row(id, std::string(1'100'000, 'n').c_str()));
  source.commit();
  rig.settle();
  rig.expect_equal("items");
}

// A round that is done again without the record of a fill, where merges have left nothing but what replaced
// the value's row.
TEST_F(Changes, OfKeysAreRefusedRatherThanFilledFromAnOlderState) {
  source.end_snapshot("items", source.begin_snapshot("items"));
  rig.settle();
  rig.client().execute("SYSTEM STOP MERGES raw.items");
  for (const char* doc : {"old", "new"}) {
    doc == std::string("old") ? source.insert("items", row(1, "n", doc))
                              : source.update("items", row(1, "n", doc));
    source.commit();
    rig.settle();
  }
  rig.stop();
  source.move("items", 1, row(101, "moved", kUnchanged));
  source.insert("items", row(1, "the key again", "other"));
  const Lsn commit = source.commit();
  source.seal();
  const std::string part = rig.client().value("SELECT _part FROM raw.items WHERE doc = 'new'");
  rig.client().execute(fmt::format(
      "INSERT INTO raw.items (id, name, doc, amount, _version, _deleted, _round, _committed_at) SELECT 1, "
      "'the key again', 'other', 1.5, bitShiftLeft(toUInt128({0}), 64) + {0} - 8, 0, (SELECT max(round) + 1 "
      "FROM "
      "freshet.cuts), now64(6)",
      commit.value()));
  rig.client().execute(fmt::format("ALTER TABLE raw.items DROP PART '{}'", part));
  rig.start();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::quarantined);
  EXPECT_EQ(rig.live("items").count(101), 0U);
}

TEST_F(Changes, OfAKeyThatIsTheSameInTheMirrorMoveNothing) {
  source.insert("items", row(7, "a", "long"));
  source.commit();
  source.move("items", 7, row(7, "b", kUnchanged));
  source.commit();
  rig.settle();
  rig.expect_equal("items");
}

TEST_F(Changes, AfterATruncateAreLive) {
  for (const char* table : {"items", "keeps"}) {
    source.insert(table, row(1, "a"));
    source.insert(table, row(2, "b"));
    source.commit();
    source.insert(table, row(3, "c"));
    source.truncate(table);
    source.insert(table, row(2, "b2"));
    source.commit();
  }
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

TEST_F(Changes, FindTheirRowsByALookup) {
  source.insert("items", row(1, "red"));
  source.insert("items", row(2, "blue"));
  source.insert("items", {3, std::nullopt, std::nullopt, std::nullopt});
  source.commit();
  source.update("items", row(1, "green", kUnchanged));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.client().select("SELECT name, id FROM lookup.items__name FINAL ORDER BY name"),
            "blue\t2\ngreen\t1\nred\t1\n");
}

TEST_F(Changes, CarryTheRoundAndTheCommitThatBroughtThem) {
  source.insert("items", row(1, "a"));
  const Lsn commit = source.commit();
  rig.settle();
  const auto rows = rig.client().rows(
      "SELECT bitAnd(bitShiftRight(_version, 64), 0xffffffffffffff), _round, _deleted FROM raw.items");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0][0], std::to_string(commit.value()));
  EXPECT_EQ(rows[0][1], std::to_string(rig.load().status().round));
}

TEST_F(Changes, OfALargeTransactionAreOneRound) {
  for (int id = 0; id < 200'000; ++id) source.insert("items", row(id, "n"));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.client().value("SELECT count(), uniqExact(_round) FROM raw.items"), "200000");
  EXPECT_EQ(rig.client().value("SELECT uniqExact(_round) FROM raw.items"), "1");
}

}  // namespace
}  // namespace freshet::test
