// Streams that go on after they stood: in portions, beside the others, through kills, to the same end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "load/history.h"
#include "load/rig.h"

namespace freshet::test {
namespace {

using load::StreamState;

constexpr int kKilled = 128 + 9;
constexpr std::uint8_t kAnnounced = kSweep | kFromHere;

Row row(std::int64_t id, const char* name, const char* doc = "d") {
  return {id, name, doc, "1.50"};
}

// As a request would have noted it, while no load runs.
void note(Rig& rig, const std::string& table, const std::string& state) {
  rig.client().execute(fmt::format(
      "INSERT INTO freshet.streams (stream, state, reason, hint, change) SELECT 'app.{0}', '{1}', "
      "'{1}', '', max(change) + 1 FROM freshet.streams WHERE stream = 'app.{0}'",
      table, state));
}

// Cuts at which the stream had a part of what had waited for it.
std::string cuts_behind(const std::string& table, const std::string& columns) {
  return fmt::format(
      "SELECT {} FROM (SELECT round, number, b.offset AS offset, b.commit_lsn AS at FROM freshet.cuts ARRAY "
      "JOIN "
      "behind AS b WHERE b.stream = 'app.{}')",
      columns, table);
}

std::uint64_t count(Rig& rig, const std::string& query) {
  return std::stoull(rig.client().value(query));
}

void expect_one_row_per_version(Rig& rig) {
  for (const char* table : {"items", "keeps"})
    EXPECT_EQ(rig.client().value(fmt::format(
                  "SELECT count() FROM (SELECT id, _version FROM raw.{} GROUP BY id, _version HAVING "
                  "uniqExact(name, doc, amount, _deleted) > 1)",
                  table)),
              "0");
}

// `items` was paused while `transactions` of it came; nothing of it is read before resume().
class CatchingUp : public testing::Test {
 protected:
  void SetUp() override {
    rig.catch_up_bytes = 1;  // one transaction a round
    rig.start();
    source.insert("items", row(0, "before", "long"));
    source.insert("keeps", row(0, "before"));
    source.commit();
    rig.settle();
    rig.load().pause("app.items").get();
    for (int id = 1; id <= kTransactions; ++id) {
      source.update("items", row(0, "again", kUnchanged));
      source.insert("items", row(id, "waits"));
      source.commit();
    }
    rig.settle();
  }
  StreamState state() { return rig.status_of("app.items")->state; }
  bool caught_up() {
    return eventually([&] { return state() == StreamState::running; }, std::chrono::seconds(60));
  }

  static constexpr int kTransactions = 60;
  Rig rig;
  Source& source = rig.source();
};

TEST_F(CatchingUp, LeavesTheOthersTheirRounds) {
  const std::string first = rig.client().value("SELECT max(round) FROM freshet.cuts");
  rig.load().resume("app.items").get();
  for (int id = 1; id <= 5; ++id) {
    source.insert("keeps", row(id, "goes on"));
    source.commit();
    rig.settle();
  }
  ASSERT_TRUE(caught_up());
  rig.expect_equal("items");
  rig.expect_equal("keeps");
  // Of the others' five watermarks most came between two portions.
  EXPECT_GE(count(rig, cuts_behind("items", "uniqExact(number)") + " WHERE round > " + first), 4U);
  // No round takes more than its portion, and each cut is a commit of the stream.
  EXPECT_EQ(count(rig, cuts_behind("items", "uniqExact(offset)") + " WHERE round > " + first),
            kTransactions - 1U);
  const std::string commits =
      "SELECT bitAnd(toUInt64(bitShiftRight(_version, 64)), 0xffffffffffffff) FROM raw.items";
  EXPECT_EQ(count(rig, cuts_behind("items", "count()") +
                           fmt::format(" WHERE round > {} AND at NOT IN ({})", first, commits)),
            0U);
  EXPECT_EQ(rig.status_of("app.items")->cut, rig.load().status().cut);
}

TEST_F(CatchingUp, IsTold) {
  const Lsn stood = rig.status_of("app.items")->cut;
  rig.load().resume("app.items").get();
  ASSERT_TRUE(eventually(
      [&] { return state() == StreamState::catching_up && rig.status_of("app.items")->cut > stood; }));
  EXPECT_TRUE(rig.status_of("app.items")->catches_up);
  EXPECT_TRUE(rig.status_of("app.items")->reason.empty());
  ASSERT_TRUE(caught_up());
  EXPECT_FALSE(rig.status_of("app.items")->catches_up);
}

TEST_F(CatchingUp, KeepsItsMirrorFromBeingFrozen) {
  std::future<void> resumed = rig.load().resume("app.items");
  std::future<load::FrozenSet> both = rig.load().freeze({"keeps", "items"});
  resumed.get();
  try {
    both.get();
    ADD_FAILURE() << "frozen";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(error.message().find("app.items catches up"), std::string::npos) << error.message();
  }
  ASSERT_TRUE(caught_up());
  EXPECT_EQ(rig.load().freeze({"items"}).get().mirrors, std::vector<std::string>{"items"});
}

TEST_F(CatchingUp, StandsWhereItIsPausedAgain) {
  rig.load().resume("app.items").get();
  ASSERT_TRUE(eventually([&] { return rig.live("items").size() > 10; }));
  rig.load().pause("app.items").get();
  const Lsn stands = rig.status_of("app.items")->cut;
  const std::size_t rows = rig.live("items").size();
  EXPECT_LT(rows, source.rows("items").size());
  source.insert("keeps", row(1, "goes on"));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->cut, stands);
  EXPECT_EQ(rig.live("items").size(), rows);
  rig.stop();
  rig.start();
  rig.settle();
  rig.load().resume("app.items").get();
  ASSERT_TRUE(caught_up());
  rig.expect_equal("items");
}

// At each step of a portion's round, the fifth: that round comes again, and the others after it.
class KilledWhileCatchingUp : public testing::TestWithParam<const char*> {};

TEST_P(KilledWhileCatchingUp, GoesOnToTheSameEnd) {
  Rig rig;
  rig.catch_up_bytes = 1;
  Source& source = rig.source();
  for (const char* table : {"items", "keeps"})
    for (int id = 1; id <= 20; ++id) source.insert(table, row(id, "n", "long"));
  source.commit();
  ASSERT_EQ(rig.run_child(source.seal().commit_lsn), 0);
  for (const char* table : {"items", "keeps"}) note(rig, table, "paused");
  for (int id = 1; id <= 10; ++id)
    for (const char* table : {"items", "keeps"}) {
      source.update(table, row(id, "filled", kUnchanged));
      source.move(table, id, row(100 + id, "moved", kUnchanged));
      source.insert(table, row(id, "the old key again"));
      source.remove(table, 10 + id);
      source.commit();
      source.move(table, 100 + id, row(200 + id, "moved on", kUnchanged));
      source.commit();
    }
  const Lsn goal = source.seal().commit_lsn;
  ASSERT_EQ(rig.run_child(goal), 0);
  for (const char* table : {"items", "keeps"}) note(rig, table, "running");
  ASSERT_EQ(rig.run_child(goal, GetParam()), kKilled);
  EXPECT_EQ(rig.client().value(
                "SELECT has(behind.stream, 'app.items') FROM freshet.cuts ORDER BY round DESC LIMIT 1"),
            "1");
  ASSERT_EQ(rig.run_child(goal, GetParam()), kKilled);
  ASSERT_EQ(rig.run_child(goal), 0);
  rig.expect_equal("items");
  rig.expect_equal("keeps");
  expect_one_row_per_version(rig);
}

INSTANTIATE_TEST_SUITE_P(At, KilledWhileCatchingUp,
                         testing::Values("intent:5", "inserted:5", "cut_recorded:5", "released:5"));

// Random histories that waited: with snapshots, transactions that capture died in, and kills.
class HistoriesInPortions : public testing::TestWithParam<std::uint64_t> {};

TEST_P(HistoriesInPortions, EndLikeTheModel) {
  constexpr const char* kPoints[] = {"intent", "inserted", "cut_recorded", "released"};
  for (const unsigned seed : {1U, 2U}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Rig rig;
    rig.catch_up_bytes = GetParam();
    History history(rig.source(), seed);
    history.step();
    Lsn goal = rig.source().seal().commit_lsn;
    ASSERT_EQ(rig.run_child(goal), 0);
    for (int turn = 0; turn < 3; ++turn) {
      for (const char* table : {"items", "keeps"}) note(rig, table, "paused");
      for (int step = 0; step < 25; ++step) random() % 5 == 0 ? history.step_that_dies() : history.step();
      if (turn == 2) history.finish();
      goal = rig.source().seal().commit_lsn;
      ASSERT_EQ(rig.run_child(goal), 0);
      for (const char* table : {"items", "keeps"}) note(rig, table, "running");
      const int ended = rig.run_child(goal, fmt::format("{}:{}", kPoints[random() % 4], 1 + random() % 9));
      ASSERT_TRUE(ended == kKilled || ended == 0) << ended;
      ASSERT_EQ(rig.run_child(goal), 0);
    }
    rig.expect_equal("items");
    rig.expect_equal("keeps");
    expect_one_row_per_version(rig);
    rig.start();
    rig.settle();
    for (const char* table : {"app.items", "app.keeps"}) {
      EXPECT_EQ(rig.status_of(table)->state, StreamState::running) << rig.status_of(table)->reason;
      EXPECT_EQ(rig.status_of(table)->waiting, 0U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OfBytes, HistoriesInPortions, testing::Values(1, 1'000, 10'000));

// What is passed over, the reading, and what came after it: more than a portion each.
TEST(GapsInPortions, AreFilledAndThenCatchUp) {
  for (const std::string point : {"intent", "inserted", "cut_recorded", "released"}) {
    SCOPED_TRACE(point);
    Rig rig;
    rig.catch_up_bytes = 1;
    Source& source = rig.source();
    for (int id = 1; id <= 20; ++id) source.insert("items", row(id, "n", "long"));
    source.commit();
    ASSERT_EQ(rig.run_child(source.seal().commit_lsn), 0);
    note(rig, "items", "paused");
    for (int id = 1; id <= 5; ++id) {
      source.update("items", row(id, "passed over", kUnchanged));
      source.commit();
    }
    const Lsn v = source.begin_snapshot("items", kAnnounced);
    source.remove("items", 20);
    source.commit();
    for (const auto& [id, of_id] : source.rows("items")) source.snapshot_row("items", v, of_id);
    source.update("items", row(7, "while it is read", kUnchanged));
    source.commit();
    source.end_snapshot("items", v, kSweep);
    for (int id = 1; id <= 5; ++id) {
      source.move("items", id, row(100 + id, "after the reading", kUnchanged));
      source.commit();
    }
    const Lsn goal = source.seal().commit_lsn;
    ASSERT_EQ(rig.run_child(goal), 0);
    note(rig, "items", "gap");
    for (const int pass : {3, 9, 8, 6})
      ASSERT_EQ(rig.run_child(goal, fmt::format("{}:{}", point, pass)), kKilled);
    ASSERT_EQ(rig.run_child(goal), 0);
    rig.expect_equal("items");
    EXPECT_GE(count(rig, cuts_behind("items", "uniqExact(at)") + fmt::format(" WHERE at > {}", v.value())),
              3U)
        << "filled, and late still";
    rig.start();
    rig.settle();
    EXPECT_EQ(rig.status_of("app.items")->state, StreamState::running);
    EXPECT_EQ(rig.status_of("app.items")->cut, rig.load().status().cut);
  }
}

// While a gap is filled its cut stands: what comes again isn't known for that, and waits once all the same.
TEST(GapsInPortions, AreFilledWithWhatCaptureAppendedTwice) {
  Rig rig;
  rig.catch_up_bytes = 1;
  Source& source = rig.source();
  for (int id = 1; id <= 4; ++id) source.insert("items", row(id, "n", "long"));
  source.commit();
  rig.start();
  rig.settle();
  rig.load().pause("app.items").get();
  const Lsn v = source.begin_snapshot("items", kAnnounced);
  source.update("items", row(1, "waits", kUnchanged));
  source.move("items", 2, row(102, "waits", kUnchanged));
  source.commit();
  source.update("items", row(3, "waits", kUnchanged));
  source.update("items", row(4, "waits", kUnchanged));
  source.die_within();  // a portion ends before its half
  source.commit();
  for (const auto& [id, of_id] : source.rows("items")) source.snapshot_row("items", v, of_id);
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  rig.stop();
  note(rig, "items", "gap");
  rig.start();
  rig.settle();
  ASSERT_TRUE(eventually([&] { return rig.status_of("app.items")->state == StreamState::running; }));
  rig.expect_equal("items");
  EXPECT_EQ(rig.status_of("app.items")->waiting, 0U);
  EXPECT_EQ(rig.load().freeze({"items"}).get().mirrors, std::vector<std::string>{"items"});
}

}  // namespace
}  // namespace freshet::test
