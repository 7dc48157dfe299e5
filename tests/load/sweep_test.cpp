// A reading that didn't see much of its mirror at the source asks before it takes that away; what is allowed
// goes exactly, over kills.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "load/rig.h"
#include "load/sweep_question.h"

namespace freshet::test {
namespace {

using load::StreamState;
using load::SweepState;

constexpr int kKilled = 128 + 9;

Row row(std::int64_t id, const char* name = "n", const char* amount = "1.50") {
  return {id, name, "d", amount};
}

Rows rows_from_to(int first, int last) {
  Rows rows;
  for (int id = first; id <= last; ++id) rows[id] = row(id);
  return rows;
}

// A whole table read, of which the source has these rows.
Lsn read(Source& source, const std::string& table, const Rows& there, std::uint8_t begins = kSweep) {
  const Lsn v = source.begin_snapshot(table, begins);
  for (const auto& [id, row] : there) source.snapshot_row(table, v, row);
  source.end_snapshot(table, v, kSweep);
  return v;
}

class Sweeps : public testing::Test {
 protected:
  void SetUp() override {
    rig.sweep = load::SweepLimits{.ask_above = 10, .unasked_rows = 5};
    rig.start();
    for (const char* table : {"items", "keeps"}) read(source, table, rows_from_to(1, 40));
    rig.settle();
  }
  load::TableStatus status(const std::string& table) { return *rig.status_of("app." + table); }
  // None: no reading ever asked.
  std::optional<load::SweepQuestion> question(const std::string& mirror) {
    const auto sweeps = load::list_sweeps(rig.client());
    const auto found = sweeps.find(mirror);
    return found == sweeps.end() ? std::nullopt : std::optional(found->second);
  }
  // To the question that stands.
  void answer(const std::string& table, bool allowed, const std::string& note = {}) {
    const load::SweepAnswer answer{.version = question(table)->version, .allowed = allowed, .note = note};
    rig.load().answer_sweep("app." + table, answer).get();
    rig.settle();
  }
  bool swept(const std::string& table) {
    return eventually([&] { return question(table)->state == SweepState::swept; });
  }

  Rig rig;
  Source& source = rig.source();
};

TEST_F(Sweeps, AskBeforeTheyTakeMuchAwayAndHoldUpNothingElse) {
  for (const char* table : {"items", "keeps"}) {
    read(source, table, rows_from_to(1, 10));
    rig.settle();
    EXPECT_EQ(status(table).state, StreamState::unswept);
    EXPECT_EQ(status(table).unswept, 30U);
    EXPECT_NE(status(table).reason.find("didn't see 30 of its mirror's 40 rows"), std::string::npos)
        << status(table).reason;
    EXPECT_EQ(rig.live(table), rows_from_to(1, 40));
    EXPECT_THROW(rig.load().freeze({table}).get(), Error) << "a model would see what may be gone";

    source.seed(table, row(1));
    source.update(table, row(1, "goes on"));
    source.commit();
    rig.settle();
    EXPECT_EQ(rig.live(table).at(1), row(1, "goes on"));
    EXPECT_LT(status(table).cut, rig.load().status().cut);
  }
}

TEST_F(Sweeps, ThatAreAllowedTakeExactlyWhatNothingHasChangedSince) {
  for (const char* table : {"items", "keeps"}) {
    read(source, table, rows_from_to(1, 10));
    rig.settle();
    for (const int id : {1, 20, 21, 22, 23}) source.seed(table, row(id));
    source.update(table, row(1, "was seen"));
    source.update(table, row(20, "moved while it was read, so no chunk had it"));
    source.move(table, 21, row(121, "moved on"));
    source.remove(table, 22);
    source.remove(table, 23);
    source.insert(table, row(23, "again"));
    source.insert(table, row(100, "new"));
    source.commit();
    rig.settle();
    answer(table, true);
    ASSERT_TRUE(swept(table));
    rig.settle();
    Rows left = rows_from_to(1, 10);
    for (const int id : {1, 20, 23, 100, 121}) left[id] = source.rows(table).at(id);
    EXPECT_EQ(rig.live(table), left);
    EXPECT_EQ(status(table).state, StreamState::running);
    EXPECT_EQ(status(table).cut, rig.load().status().cut);
    rig.load().freeze({table}).get();
  }
  const Rows last_values = rig.deleted("keeps");
  EXPECT_EQ(last_values.size(), 27U) << "but for the four that are there again, and 21, which moved";
  EXPECT_EQ(last_values.at(11), row(11));
  EXPECT_THROW(answer("items", true), Error) << "it asks only once";
}

TEST_F(Sweeps, ThatAreRefusedKeepTheRowsUntilTheNextReading) {
  read(source, "items", rows_from_to(1, 10));
  rig.settle();
  answer("items", false, "the restore was wrong");
  rig.stop();
  rig.start();
  rig.settle();
  EXPECT_EQ(status("items").state, StreamState::running);
  EXPECT_EQ(status("items").cut, rig.load().status().cut);
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 40));
  EXPECT_EQ(question("items")->note, "the restore was wrong");

  read(source, "items", rows_from_to(1, 20));
  rig.settle();
  EXPECT_EQ(status("items").unswept, 20U) << "it asks anew";
  read(source, "items", rows_from_to(1, 40));
  rig.settle();
  EXPECT_EQ(status("items").state, StreamState::running);
  EXPECT_EQ(question("items")->state, SweepState::superseded);
  EXPECT_THROW(answer("items", true), Error);
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 40));
}

// What was seen is what is answered: another reading may have ended meanwhile.
TEST_F(Sweeps, AreAnsweredForTheQuestionThatWasSeen) {
  read(source, "items", rows_from_to(1, 30));
  rig.settle();
  const Version seen = question("items")->version;
  read(source, "items", rows_from_to(1, 2));
  rig.settle();
  ASSERT_EQ(status("items").unswept, 38U);
  for (const bool allowed : {true, false})
    EXPECT_THROW(
        rig.load().answer_sweep("app.items", {.version = seen, .allowed = allowed, .note = {}}).get(), Error);
  rig.settle();
  EXPECT_EQ(question("items")->state, SweepState::asked);
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 40));
}

TEST_F(Sweeps, AskOfNoSmallNumberAndNoSmallShare) {
  read(source, "items", rows_from_to(1, 35));
  rig.settle();
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 35)) << "five rows go unasked";
  read(source, "items", rows_from_to(1, 400));
  rig.settle();
  read(source, "items", rows_from_to(1, 361));
  rig.settle();
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 361)) << "39 of 400 are less than a tenth";
  EXPECT_FALSE(question("items"));

  rig.stop();
  std::vector<contract::StreamContract> contracts = all_contracts();
  contracts[0].sweep_ask_above = 100;
  rig.change_contracts(contracts);
  rig.start();
  read(source, "items", {});
  rig.settle();
  EXPECT_EQ(rig.live("items"), Rows()) << "the contract says so";
}

TEST_F(Sweeps, OfATableThatIsTruncatedMeanwhileHaveNothingLeftToAsk) {
  for (const char* table : {"items", "keeps"}) {
    read(source, table, rows_from_to(1, 10));
    rig.settle();
    ASSERT_EQ(status(table).state, StreamState::unswept);
    if (table == std::string("keeps"))  // what was allowed, too
      rig.load()
          .answer_sweep("app.keeps", {.version = question(table)->version, .allowed = true, .note = {}})
          .get();
    source.truncate(table);
    source.insert(table, row(30, "after it"));
    source.commit();
    rig.settle();
    EXPECT_TRUE(eventually([&] { return status(table).state == StreamState::running; }));
    EXPECT_EQ(status(table).cut, rig.load().status().cut);
    rig.load().freeze({table}).get();
    EXPECT_EQ(rig.live(table), (Rows{{30, row(30, "after it")}}));
  }
  EXPECT_EQ(question("items")->state, SweepState::superseded);
  EXPECT_THROW(answer("items", true), Error);
}

TEST_F(Sweeps, TakeAlongWhatWaitsInQuarantineOfBefore) {
  source.update("items", row(30, "breaks it", "NaN"));
  source.commit();
  rig.settle();
  ASSERT_EQ(status("items").quarantined, 1U);
  read(source, "items", rows_from_to(1, 10));
  rig.settle();
  EXPECT_EQ(status("items").quarantined, 1U);
  answer("items", true);
  ASSERT_TRUE(swept("items"));
  rig.settle();
  EXPECT_EQ(status("items").quarantined, 0U);
  EXPECT_EQ(status("items").state, StreamState::running);
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 10));
}

// A row that the reading has is newer than what waits of it, whatever becomes of the others.
TEST_F(Sweeps, ThatAskHoldNoKeyInQuarantineThatTheReadingSaw) {
  for (const char* table : {"items", "keeps"}) {
    for (const int id : {5, 30}) {
      source.seed(table, row(id));
      source.update(table, row(id, "breaks it", "NaN"));
    }
    source.commit();
    rig.settle();
    ASSERT_EQ(status(table).quarantined, 2U);
    const Lsn v = source.begin_snapshot(table, kSweep);
    for (int id = 1; id <= 10; ++id) source.snapshot_row(table, v, row(id, "mended"));
    source.update(table, row(5, "goes on"));
    source.commit();
    source.end_snapshot(table, v, kSweep);
    rig.settle();
    EXPECT_EQ(status(table).state, StreamState::unswept);
    EXPECT_TRUE(eventually([&] { return status(table).quarantined == 1; })) << status(table).quarantined;
    source.update(table, row(5, "and on"));
    source.commit();
    rig.settle();
    EXPECT_EQ(rig.live(table).at(5), row(5, "and on"));
    EXPECT_EQ(rig.live(table).at(30), row(30)) << "its sweep asks";
  }
}

TEST_F(Sweeps, ThatEndAGapAskAsWell) {
  rig.stop();
  rig.client().execute("INSERT INTO freshet.streams (stream, state, change) SELECT 'app.items', 'gap', 1");
  rig.start();
  rig.settle();
  ASSERT_EQ(status("items").state, StreamState::gap);
  const Lsn stands = status("items").cut;
  read(source, "items", rows_from_to(1, 10), kSweep | kFromHere);
  rig.settle();
  EXPECT_EQ(status("items").state, StreamState::unswept);
  EXPECT_EQ(status("items").cut, stands);
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 40));
  answer("items", true);
  ASSERT_TRUE(swept("items"));
  rig.settle();
  EXPECT_EQ(rig.live("items"), rows_from_to(1, 10));
  EXPECT_EQ(status("items").cut, rig.load().status().cut);
}

// The question, the answer and the rows agree, wherever a load dies.
class KilledSweeps : public testing::TestWithParam<const char*> {
 protected:
  static constexpr int kRows = 1'500, kLeft = 100;
  std::string states() {
    return rig.client().value(
        "SELECT arrayStringConcat(arraySort(groupArray(state)), ',') FROM (SELECT toString(state) AS state "
        "FROM freshet.sweeps ORDER BY table, version DESC, round DESC, freshet.sweeps.state DESC LIMIT 1 BY "
        "table)");
  }

  Rig rig;
  Source& source = rig.source();
};

TEST_P(KilledSweeps, NeitherLoseTheQuestionNorGoHalfWay) {
  for (const char* table : {"items", "keeps"}) {
    read(source, table, rows_from_to(1, kRows));
    read(source, table, rows_from_to(1, kLeft));
  }
  const Lsn goal = source.seal().commit_lsn;
  const std::string point = GetParam();
  if (point == "sweep_asked") {
    ASSERT_EQ(rig.run_child(goal, point), kKilled);
  }
  ASSERT_EQ(rig.run_child(goal), 0);
  EXPECT_EQ(states(), "asked,asked");
  EXPECT_EQ(rig.live("items"), rows_from_to(1, kRows));
  for (const char* table : {"items", "keeps"}) source.insert(table, row(5'000, "new"));
  source.commit();
  const Lsn end = source.seal().commit_lsn;
  if (point != "sweep_asked") {
    ASSERT_EQ(rig.run_child(end, point, Rig::Child::allow_sweeps), kKilled);
  }
  ASSERT_EQ(rig.run_child(end, {}, Rig::Child::allow_sweeps), 0);
  Rows left = rows_from_to(1, kLeft);
  left[5'000] = row(5'000, "new");
  for (const char* table : {"items", "keeps"}) EXPECT_EQ(rig.live(table), left) << table;
  EXPECT_EQ(rig.deleted("keeps"), rows_from_to(kLeft + 1, kRows));
  EXPECT_EQ(states(), "swept,swept");
  EXPECT_EQ(rig.client().value("SELECT length(in_part) FROM freshet.cuts ORDER BY round DESC LIMIT 1"), "0");
}

INSTANTIATE_TEST_SUITE_P(At, KilledSweeps,
                         testing::Values("sweep_asked", "sweep_answered", "swept_in_part:1", "swept:1",
                                         "inserted:2", "cut_recorded:2"));

}  // namespace
}  // namespace freshet::test
