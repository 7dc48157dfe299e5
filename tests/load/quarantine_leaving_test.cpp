// What leaves quarantine: given up, forgotten in time, or taken up again portion by portion; and what keeps
// it from getting in.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "load/quarantine_fixture.h"

namespace freshet::test {
namespace {

TEST_F(Quarantine, LosesWhatIsDroppedAndKeepsWhy) {
  source.insert("items", row(1, "a"));
  source.commit();
  source.update("items", row(1, "breaks it", "d", "NaN"));
  source.commit();
  source.update("items", row(1, "waits behind"));
  source.commit();
  rig.settle();
  ASSERT_EQ(status("items").quarantined, 2U);
  EXPECT_THROW(rig.load().drop("app.items", {{"no such change"}, "why"}).get(), Error);
  const auto waiting = load::list_quarantined(rig.client(), "items", 10);
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_NE(waiting[0].reason, "");
  EXPECT_EQ(waiting[1].reason, "") << "it waits behind the first";
  const auto broken = load::find_quarantined(rig.client(), "items", waiting[0].id);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->row, tuple_of(row(1, "breaks it", "d", "NaN")));
  EXPECT_THROW(rig.load().drop("app.items", {{waiting[0].id, "no such change"}, "why"}).get(), Error);
  EXPECT_EQ(status("items").quarantined, 2U) << "all that are named, or none";
  EXPECT_EQ(rig.load().drop("app.items", {{waiting[0].id}, "a test's"}).get(), 1U);
  ASSERT_TRUE(eventually([&] { return status("items").state == StreamState::running; }));
  rig.expect_equal("items");
  rig.stop();
  rig.start();
  rig.settle();
  EXPECT_EQ(rig.client().value("SELECT note FROM freshet.quarantine WHERE outcome = 'dropped'"), "a test's");
  EXPECT_EQ(status("items").state, StreamState::running);
}

// Only as long as they are of use; what somebody decided stays.
TEST_F(Quarantine, ForgetsInTimeWhatLeft) {
  source.insert("items", row(1, "breaks it", "d", "NaN"));
  source.commit();
  source.insert("items", row(2, "breaks it", "d", "NaN"));
  source.commit();
  rig.settle();
  const auto waiting = load::list_quarantined(rig.client(), "items", 1);
  EXPECT_EQ(rig.load().drop("app.items", {{waiting.at(0).id}, "a test's"}).get(), 1U);
  mend();
  ASSERT_TRUE(comes_in("items")) << status("items").reason;
  const auto restart = [&] {
    rig.stop();
    rig.start();
    rig.settle();
  };
  restart();
  EXPECT_EQ(outcomes(), "dropped,loaded");
  rig.stop();
  for (const char* statement :
       {"CREATE TABLE freshet.aged AS freshet.quarantine",
        "INSERT INTO freshet.aged SELECT * REPLACE (at - INTERVAL 91 DAY AS at) FROM freshet.quarantine",
        "EXCHANGE TABLES freshet.aged AND freshet.quarantine", "DROP TABLE freshet.aged"})
    rig.client().execute(statement);
  rig.start();
  rig.settle();
  EXPECT_EQ(outcomes(), "dropped");
  EXPECT_EQ(status("items").state, StreamState::running);
  EXPECT_EQ(rig.live("items"), (Rows{{2, {2, "breaks it", "d", std::nullopt}}}));
}

TEST_F(Quarantine, LosesBothHalvesOfAKeyChangeAlsoWhenBothAreNamed) {
  for (int id = 1; id <= 3; ++id) source.insert("items", row(id, "a"));
  source.commit();
  source.move("items", 1, row(10, "breaks it", "d", "NaN"));
  source.update("items", row(2, "breaks it", "d", "NaN"));
  source.update("items", row(3, "breaks it", "d", "NaN"));
  source.commit();
  rig.settle();
  std::vector<std::string> ids;
  for (const load::QuarantinedChange& change : load::list_quarantined(rig.client(), "items", 3))
    ids.push_back(change.id);
  EXPECT_EQ(rig.load().drop("app.items", {ids, "a test's"}).get(), 3U);
  rig.settle();
  EXPECT_EQ(status("items").quarantined, 1U);
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "a")}, {2, row(2, "a")}, {3, row(3, "a")}}));
}

TEST_F(Quarantine, OfAStreamThatStandsKeepsNoOtherFromBeingReplayed) {
  for (const char* table : {"items", "keeps"}) {
    source.insert(table, row(1, "a", "d", "NaN"));
    source.commit();
  }
  rig.settle();
  rig.load().pause("app.items").get();
  const std::vector<load::Replayed> replayed = rig.load().replay({}).get();
  ASSERT_EQ(replayed.size(), 2U);
  EXPECT_EQ(replayed[0].stream, "app.items");
  EXPECT_EQ(replayed[0].left, 1U);
  EXPECT_NE(replayed[0].reason.find("paused"), std::string::npos) << replayed[0].reason;
  EXPECT_EQ(replayed[1].stream, "app.keeps");
  EXPECT_NE(replayed[1].reason.find("'amount' is NaN"), std::string::npos) << replayed[1].reason;
  EXPECT_THROW(rig.load().replay({"app.keeps", "app.rates"}).get(), Error) << "rates has nothing there";
}

TEST_F(Quarantine, ThatIsFullStopsItsStreamAlone) {
  rig.stop();
  rig.quarantine_bytes_max = 10'000;
  rig.start();
  for (int id = 1; id <= 20; ++id) {
    source.insert("items", row(id, "n", "d", "NaN"));
    source.insert("keeps", row(id, "goes on"));
    source.commit();
  }
  rig.settle();
  EXPECT_EQ(status("items").state, StreamState::stopped);
  EXPECT_NE(status("items").reason.find("quarantine"), std::string::npos) << status("items").reason;
  rig.expect_equal("keeps");
  rig.quarantine_bytes_max.reset();
  mend();
  rig.load().resume("app.items").get();
  rig.settle();
  ASSERT_TRUE(eventually([&] { return status("items").state == StreamState::running; }));
  rig.expect_equal("items");
}

// Else what came for its keys meanwhile would fill it again, faster than it is emptied.
TEST_F(Quarantine, ThatWasFullIsTakenUpBeforeItsStreamReadsOn) {
  rig.stop();
  rig.quarantine_bytes_max = 10'000;
  rig.replay_rows = 3;
  rig.start();
  const auto come = [&](const char* name, const char* amount) {
    for (int id = 1; id <= 8; ++id) {
      if (std::string_view(name) == "first")
        source.insert("items", row(id, name, "d", amount));
      else
        source.update("items", row(id, name, "d", amount));
      source.commit();
    }
  };
  // Then it catches up, in a round of its own.
  const auto expect_whole = [&] {
    EXPECT_TRUE(comes_in("items")) << status("items").reason;
    rig.settle();
    EXPECT_TRUE(eventually([&] { return status("items").state == StreamState::running; }));
    EXPECT_EQ(status("items").cut, rig.load().status().cut);
    rig.expect_equal("items");
  };
  come("first", "NaN");
  rig.settle();
  ASSERT_EQ(status("items").quarantined, 8U);
  for (const char* name : {"later", "again", "at last"}) come(name, "1.50");
  rig.settle();
  ASSERT_EQ(status("items").state, StreamState::stopped);
  ASSERT_EQ(status("items").quarantined, 8U);
  mend();
  rig.load().resume("app.items").get();
  expect_whole();

  rig.stop();
  rig.change_contracts(all_contracts());
  rig.start();
  come("breaks it", "NaN");
  rig.settle();
  ASSERT_EQ(status("items").quarantined, 8U);
  rig.stop();
  for (const char* name : {"later", "again", "at last"}) come(name, "1.50");
  const Lsn end = source.seal().commit_lsn;
  rig.change_contracts(lenient_contracts());
  rig.start();
  rig.reach(end);
  expect_whole();
}

// What comes for its keys meanwhile waits behind it, and everything else goes on.
TEST_F(Quarantine, IsReplayedInPortionsOfWholeVersionsBetweenTheStreamsOwnRounds) {
  constexpr int kRows = 1'000;
  for (int id = 1; id <= kRows; ++id) source.insert("items", row(id, "n", "d", "NaN"));
  source.commit();
  for (int id = 1; id <= 250; ++id) source.move("items", id, row(kRows + id, "moved", "d"));
  source.commit();
  rig.settle();
  ASSERT_EQ(status("items").quarantined, static_cast<std::uint64_t>(kRows + 500));
  rig.stop();
  rig.change_contracts(lenient_contracts());
  rig.replay_rows = 101;
  for (int id = kRows; id > kRows - 10; --id) {
    source.update("items", row(id, "later", kUnchanged));
    source.commit();
    source.seal();
  }
  rig.start();
  for (int id = 501; id <= 505; ++id) {
    source.update("items", row(id, "while it is replayed"));
    source.insert("items", row(10 * kRows + id, "another key"));
    source.commit();
    rig.settle();
  }
  ASSERT_TRUE(comes_in("items")) << status("items").reason;
  rig.expect_equal("items");
  EXPECT_EQ(rig.client().value(
                "SELECT max(changes) <= 102 AND count() >= 15 FROM (SELECT round, count() AS changes "
                "FROM freshet.quarantine WHERE outcome = 'loaded' GROUP BY round)"),
            "1");
}

// However many a snapshot read: all have its version.
TEST_F(Quarantine, IsReplayedInPortionsOfASnapshot) {
  const Lsn v = source.begin_snapshot("items", kSweep);
  for (int id = 1; id <= 1'000; ++id) {
    source.seed("items", row(id, "read", "d", "NaN"));
    source.snapshot_row("items", v, row(id, "read", "d", "NaN"));
  }
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  ASSERT_EQ(status("items").quarantined, 1'000U);
  rig.replay_rows = 100;
  mend();
  ASSERT_TRUE(comes_in("items")) << status("items").reason;
  rig.expect_equal("items");
  EXPECT_EQ(rig.client().value("SELECT max(changes) FROM (SELECT round, count() AS changes FROM "
                               "freshet.quarantine WHERE outcome = 'loaded' GROUP BY round)"),
            "100");
}

TEST(Pause, KeepsOneStreamWhereItIsUntilItIsResumed) {
  Rig rig;
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "a"));
  source.commit();
  rig.settle();
  rig.load().pause("app.items").get();
  source.insert("items", row(2, "waits"));
  source.insert("keeps", row(1, "goes on"));
  source.commit();
  rig.settle();
  rig.stop();
  rig.start();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::paused);
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "a")}}));
  rig.expect_equal("keeps");
  EXPECT_THROW(rig.load().pause("app.items").get(), Error);
  rig.load().resume("app.items").get();
  source.insert("items", row(3, "goes on"));
  source.commit();
  rig.settle();
  rig.expect_equal("items");
}

}  // namespace
}  // namespace freshet::test
