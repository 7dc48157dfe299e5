// Streams that lack records: what they pass over, what frees them, and how whole they are meanwhile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "load/rig.h"

namespace freshet::test {
namespace {

using load::StreamState;

constexpr std::uint8_t kAnnounced = kSweep | kFromHere;

Row row(std::int64_t id, const char* name, const char* doc = "d") {
  return {id, name, doc, "1.50"};
}

// A mirror with another name lacks what its stream brought before.
class Gaps : public testing::Test {
 protected:
  void SetUp() override {
    rig.start();
    for (int id = 1; id <= 3; ++id) source.insert("items", row(id, "before"));
    source.commit();
    rig.settle();
    rig.stop();
    contracts[0].mirror = "items_v2";
    rig.change_contracts(contracts);
    rig.start();
    rig.settle();
  }
  StreamState state() { return rig.status_of("app.items")->state; }
  Rows live() { return rig.live("items", "src.items_v2"); }
  bool frozen() {
    std::future<load::FrozenSet> answer = rig.load().freeze({"items_v2"});
    try {
      answer.get();
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  void restart() {
    rig.stop();
    rig.start();
  }

  std::vector<contract::StreamContract> contracts = all_contracts();
  Rig rig{contracts};
  Source& source = rig.source();
};

TEST_F(Gaps, AreFilledByASnapshotFromItsAnnouncementOn) {
  ASSERT_EQ(state(), StreamState::gap);
  source.update("items", row(1, "lacks the old one", kUnchanged));
  source.commit();
  rig.settle();
  EXPECT_TRUE(live().empty()) << "passed over";
  const Lsn stands = rig.status_of("app.items")->cut;

  source.begin_snapshot("items", kAnnounced);
  source.remove("items", 2);
  source.commit();
  rig.settle();
  EXPECT_EQ(state(), StreamState::filling);
  EXPECT_EQ(rig.status_of("app.items")->cut, stands);
  EXPECT_FALSE(frozen());
  const Lsn v = source.begin_snapshot("items", kSweep);
  source.insert("items", row(4, "after V"));
  source.commit();
  source.snapshot_row("items", v, row(1, "lacks the old one"));
  source.snapshot_row("items", v, row(3, "before"));
  rig.settle();
  EXPECT_EQ(state(), StreamState::filling);
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  EXPECT_EQ(state(), StreamState::running);
  EXPECT_EQ(rig.status_of("app.items")->cut, rig.load().status().cut);
  EXPECT_TRUE(frozen());
  EXPECT_EQ(live(), source.rows("items"));
}

TEST_F(Gaps, AreRememberedAsFarAsTheyAreFilled) {
  restart();
  source.update("items", row(1, "passed over"));
  source.commit();
  rig.settle();
  EXPECT_EQ(state(), StreamState::gap);
  restart();
  const Lsn v = source.begin_snapshot("items", kAnnounced);
  source.insert("items", row(4, "after V"));
  source.commit();
  rig.settle();
  restart();
  source.snapshot_row("items", v, row(1, "passed over"));
  source.snapshot_row("items", v, row(2, "before"));
  source.snapshot_row("items", v, row(3, "before"));
  rig.settle();
  EXPECT_EQ(state(), StreamState::filling);
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  restart();
  rig.settle();
  EXPECT_EQ(state(), StreamState::running);
  EXPECT_EQ(live(), source.rows("items"));
}

// Its V lies below changes that were passed over.
TEST_F(Gaps, AreNotFilledByASnapshotThatWasUnderWay) {
  const Lsn v = source.begin_snapshot("items", kSweep);
  for (int id = 1; id <= 3; ++id) source.snapshot_row("items", v, row(id, "before"));
  source.end_snapshot("items", v, kSweep);
  source.insert("items", row(4, "new"));
  source.commit();
  rig.settle();
  EXPECT_EQ(state(), StreamState::gap);
  EXPECT_TRUE(live().empty());
  EXPECT_EQ(rig.status_of("app.items")->hint, "freshet snapshot app.items");
}

TEST(GapsOfTheJournal, AreFilledFromWhatIsLeftOn) {
  Rig rig({contract_of("items")}, 8 << 20);
  Source& source = rig.source();
  rig.start();
  std::mt19937 random(1);
  std::string noise(200'000, 'x');  // that LZ4 can't shrink
  std::int64_t id = 0;
  while (++id < 200 && !rig.gaps().contains("app.keeps")) {
    for (char& c : noise) c = static_cast<char>('a' + random() % 26);
    source.insert("keeps", {id, "n", noise, "1.50"});
    source.insert("items", {id, "n", noise, "1.50"});
    source.commit();
    rig.settle();
  }
  rig.stop();
  rig.change_contracts({contract_of("items"), contract_of("keeps", contract::OnDelete::keep)});
  rig.start();
  rig.settle();
  ASSERT_EQ(rig.status_of("app.keeps")->state, StreamState::gap);
  EXPECT_TRUE(rig.gaps().empty()) << "what was lost is passed over, and holds nothing";
  const Lsn v = source.begin_snapshot("keeps", kAnnounced);
  for (const auto& [key, of_key] : source.rows("keeps")) source.snapshot_row("keeps", v, of_key);
  source.update("keeps", row(1, "after V"));
  source.commit();
  source.end_snapshot("keeps", v, kSweep);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.keeps")->state, StreamState::running);
  EXPECT_TRUE(rig.live("keeps") == source.rows("keeps"));  // too long to print
}

// At each step of a round: it is filled once, from the announcement on, and noted as whole when it is.
TEST(GapsOfAKilledLoad, AreFilledAllTheSame) {
  for (const std::string point : {"intent", "inserted", "cut_recorded", "released"}) {
    SCOPED_TRACE(point);
    Rig rig(halting_contracts());
    Source& source = rig.source();
    rig.start();
    source.insert("items", row(1, "a"));
    source.insert("items", {9, "nan", "d", "NaN"});
    source.commit();
    rig.settle();
    ASSERT_EQ(rig.status_of("app.items")->state, StreamState::stopped);
    rig.load().read_anew({"app.items"}).get();
    source.remove("items", 9);
    source.commit();
    rig.settle();
    rig.stop();
    const Lsn v = source.begin_snapshot("items", kAnnounced);
    source.insert("items", row(2, "b"));
    source.commit();
    Lsn goal = source.seal().commit_lsn;
    EXPECT_EQ(rig.run_child(goal, point + ":1"), 128 + 9);
    source.snapshot_row("items", v, row(1, "a"));
    source.end_snapshot("items", v, kSweep);
    goal = source.seal().commit_lsn;
    EXPECT_EQ(rig.run_child(goal, point + ":1"), 128 + 9);
    rig.start();
    rig.reach(goal);
    EXPECT_EQ(rig.status_of("app.items")->state, StreamState::running);
    rig.expect_equal("items");
  }
}

// A row of items is loaded; the next change stops its stream.
void start_and_stop_at_nan(Rig& rig) {
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "a"));
  source.commit();
  rig.settle();
  source.insert("items", {9, "nan", "d", "NaN"});
  source.commit();
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->state, StreamState::stopped);
}

// Not only one that ran: whatever goes on with an empty mirror would lack the rows without a word.
TEST(GapsOfAStream, ThatStoppedAreThereWhenItsMirrorIsAnother) {
  std::vector<contract::StreamContract> contracts = halting_contracts();
  Rig rig(contracts);
  ASSERT_NO_FATAL_FAILURE(start_and_stop_at_nan(rig));
  rig.stop();
  contracts[0].mirror = "items_v2";
  contracts[0].columns[3].null_when.nan = true;
  rig.change_contracts(contracts);
  rig.start();
  rig.settle();
  EXPECT_THROW(rig.load().resume("app.items").get(), Error);
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::gap);
  EXPECT_NE(rig.status_of("app.items")->reason.find("earlier rows went to another mirror"),
            std::string::npos);
}

// Also one that is being filled: what has been read went to the mirror that was.
TEST(GapsOfAStream, ThatAreThereAlreadyAreOfTheMirrorThatIsNew) {
  std::vector<contract::StreamContract> contracts = halting_contracts();
  Rig rig(contracts);
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "a"));
  source.insert("items", row(2, "b"));
  source.commit();
  rig.settle();
  const auto rename = [&](const std::string& mirror) {
    rig.stop();
    contracts[0].mirror = mirror;
    rig.change_contracts(contracts);
    rig.start();
    rig.settle();
    EXPECT_EQ(rig.status_of("app.items")->state, StreamState::gap);
    EXPECT_NE(rig.status_of("app.items")->reason.find(mirror), std::string::npos)
        << rig.status_of("app.items")->reason;
  };
  rename("items_v2");
  rename("items_v3");
  const Lsn v = source.begin_snapshot("items", kAnnounced);
  source.snapshot_row("items", v, row(1, "a"));
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->state, StreamState::filling);
  rename("items_v4");
  source.snapshot_row("items", v, row(2, "b"));
  source.end_snapshot("items", v, kSweep);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::gap) << "it lacks the first row";
}

// Nobody announces it, and none has to ask for it.
TEST(GapsOfAStream, ThatIsPeriodicAreFilledByItsNextReading) {
  std::vector<contract::StreamContract> contracts = {periodic_contract("rates")};
  Rig rig(contracts);
  Source& source = rig.source();
  rig.start();
  constexpr std::uint8_t kReading = kPeriodic | kSweep;
  Lsn v = source.begin_snapshot("rates", kReading);
  for (const int id : {1, 2}) source.snapshot_row("rates", v, row(id, "a"));
  source.end_snapshot("rates", v, kReading);
  rig.settle();
  v = source.begin_snapshot("rates", kReading);
  source.snapshot_row("rates", v, row(1, "a"));
  rig.settle();
  rig.stop();
  contracts[0].mirror = "rates_v2";
  rig.change_contracts(contracts);
  rig.start();
  source.snapshot_row("rates", v, row(2, "a"));
  source.end_snapshot("rates", v, kReading);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.rates")->state, StreamState::gap) << "of this one it lacks the beginning";
  v = source.begin_snapshot("rates", kReading);
  for (const int id : {2, 3}) source.snapshot_row("rates", v, row(id, "b"));
  source.end_snapshot("rates", v, kReading);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.rates")->state, StreamState::running);
  EXPECT_EQ(rig.live("rates_v2"), (Rows{{2, row(2, "b")}, {3, row(3, "b")}}));
}

TEST(GapsOfAStream, ThatStoppedTakeThePlaceOfWhatItStoppedAt) {
  Rig rig(halting_contracts());
  Source& source = rig.source();
  ASSERT_NO_FATAL_FAILURE(start_and_stop_at_nan(rig));
  source.remove("items", 9);
  source.commit();
  const Lsn v = source.begin_snapshot("items", kAnnounced);
  source.snapshot_row("items", v, row(1, "a"));
  source.end_snapshot("items", v, kSweep);
  rig.load().read_anew({"app.items", "app.keeps"}).get();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::running) << rig.status_of("app.items")->reason;
  EXPECT_EQ(rig.status_of("app.keeps")->state, StreamState::running);
  rig.expect_equal("items");

  // What stops it in the reading itself stops it again, and it says so.
  source.insert("items", {9, "nan", "d", "NaN"});
  source.commit();
  rig.settle();
  rig.load().read_anew({"app.items"}).get();
  const Lsn again = source.begin_snapshot("items", kAnnounced);
  source.snapshot_row("items", again, {9, "nan", "d", "NaN"});
  source.end_snapshot("items", again, kSweep);
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::gap);
  EXPECT_NE(rig.status_of("app.items")->reason.find("is NaN"), std::string::npos);
}

// It lies in the journal before the one that is asked for, and no contract takes what it has.
TEST(GapsOfAStream, ThatAReadingStoppedAreFilledByTheNextOne) {
  Rig rig(halting_contracts());
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "a"));
  source.commit();
  const auto read = [&](const std::vector<Row>& rows) {
    const Lsn v = source.begin_snapshot("items", kAnnounced);
    for (const Row& one : rows) source.snapshot_row("items", v, one);
    source.end_snapshot("items", v, kSweep);
  };
  read({row(1, "a"), {9, "nan", "d", "NaN"}});
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->state, StreamState::stopped);
  rig.load().read_anew({"app.items"}).get();
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->state, StreamState::gap);
  EXPECT_NE(rig.status_of("app.items")->reason.find("is NaN"), std::string::npos);
  EXPECT_NE(rig.status_of("app.items")->hint.find("then freshet snapshot app.items"), std::string::npos);

  // Once more in vain; and with a reading that does already behind it when it is seen.
  read({{9, "nan", "d", "NaN"}});
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::gap);
  source.insert("items", row(2, "b"));
  source.commit();
  read({{9, "nan", "d", "NaN"}});
  read({row(1, "a"), row(2, "b")});
  rig.settle();
  source.insert("items", row(3, "c"));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, StreamState::running) << rig.status_of("app.items")->reason;
  rig.expect_equal("items");
}

}  // namespace
}  // namespace freshet::test
