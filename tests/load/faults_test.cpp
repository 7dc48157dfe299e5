// Loads that die at every named point, histories against a model, streams that stop, mirrors held still.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <barrier>
#include <cstdlib>
#include <numeric>

#include "load/history.h"
#include "load/lead.h"
#include "load/rig.h"
#include "load/system_tables.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

constexpr int kKilled = 128 + 9;

Row row(std::int64_t id, const char* name, const char* doc = "d") {
  return {id, name, doc, "1.50"};
}

class Killed : public testing::TestWithParam<const char*> {};

TEST_P(Killed, LoadDoesTheSameRoundAgain) {
  Rig rig;
  if (std::string_view(GetParam()).starts_with("filled")) rig.fill_bytes_max = 1;  // one by one
  Source& source = rig.source();
  for (const char* table : {"items", "keeps"}) {
    for (int id = 1; id <= 20; ++id) source.insert(table, row(id, "n", "long"));
    source.commit();
  }
  ASSERT_EQ(rig.run_child(source.seal().commit_lsn), 0);
  for (const char* table : {"items", "keeps"}) {
    source.update(table, row(1, "filled", kUnchanged));
    source.update(table, row(1, "filled again", kUnchanged));
    source.move(table, 2, row(102, "moved", kUnchanged));
    source.insert(table, row(2, "the old key again"));
    source.move(table, 102, row(202, "moved on", kUnchanged));
    source.remove(table, 3);
    source.update(table, row(4, "then deleted", kUnchanged));
    source.remove(table, 4);
    source.commit();
  }
  const Lsn goal = source.seal().commit_lsn;
  ASSERT_EQ(rig.run_child(goal, GetParam()), kKilled);
  ASSERT_EQ(rig.run_child(goal), 0);
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

INSTANTIATE_TEST_SUITE_P(At, Killed,
                         testing::Values("intent", "inserted", "cut_recorded", "released", "filled",
                                         "filled:2", "filled:4", "filled:6"));

// Kills at random points of random histories; two rows of one key and version never differ.
class Histories : public testing::TestWithParam<unsigned> {};

TEST_P(Histories, WithKillsEndLikeTheModel) {
  std::mt19937 random(GetParam());
  Rig rig;
  History history(rig.source(), GetParam());
  constexpr const char* kPoints[] = {"intent", "inserted", "cut_recorded", "released"};
  for (int round = 0; round < 8; ++round) {
    for (int step = 0; step < 12; ++step) history.step();
    if (round == 7) history.finish();
    const Lsn goal = rig.source().seal().commit_lsn;
    const bool last = round == 7;
    const std::string crash_at = last ? "" : kPoints[random() % 4];
    ASSERT_EQ(rig.run_child(goal, crash_at), last ? 0 : kKilled);
  }
  rig.expect_equal("items");
  rig.expect_equal("keeps");
  EXPECT_EQ(
      rig.client().value("SELECT count() FROM (SELECT id, _version FROM raw.items GROUP BY id, _version "
                         "HAVING uniqExact(name, doc, amount, _deleted) > 1)"),
      "0");
}

// As before, while what lacks values is filled and sent one by one, and killed in between.
TEST_P(Histories, FilledOneByOneEndLikeTheModel) {
  std::mt19937 random(GetParam());
  Rig rig;
  rig.fill_bytes_max = 1;
  History history(rig.source(), GetParam());
  int killed = 0;
  for (int round = 0; round < 4; ++round) {
    for (int step = 0; step < 25; ++step) history.step();
    const Lsn goal = rig.source().seal().commit_lsn;
    const int ended = rig.run_child(goal, fmt::format("filled:{}", 1 + random() % 6));
    ASSERT_TRUE(ended == kKilled || ended == 0) << ended;
    if (ended == kKilled) ++killed;
  }
  EXPECT_GT(killed, 0);
  history.finish();
  ASSERT_EQ(rig.run_child(rig.source().seal().commit_lsn), 0);
  rig.expect_equal("items");
  rig.expect_equal("keeps");
  EXPECT_EQ(
      rig.client().value("SELECT count() FROM (SELECT id, _version FROM raw.items GROUP BY id, _version "
                         "HAVING uniqExact(name, doc, amount, _deleted) > 1)"),
      "0");
}

// As before, with values that fit nowhere: they wait, are replayed in vain, and at last under a contract that
// takes them.
TEST_P(Histories, WithQuarantineEndLikeTheModel) {
  std::mt19937 random(GetParam());
  Rig rig;
  History history(rig.source(), GetParam(), true, 8);
  constexpr const char* kPoints[] = {"intent", "inserted", "cut_recorded", "released"};
  for (int round = 0; round < 6; ++round) {
    for (int step = 0; step < 12; ++step) history.step();
    const Lsn goal = rig.source().seal().commit_lsn;
    const std::string crash_at = fmt::format("{}:{}", kPoints[random() % 4], 1 + random() % 2);
    const int ended = rig.run_child(goal, crash_at, Rig::Child::replay);
    ASSERT_TRUE(ended == kKilled || ended == 0) << ended;
  }
  history.finish();
  const Lsn goal = rig.source().seal().commit_lsn;
  ASSERT_EQ(rig.run_child(goal), 0);
  EXPECT_NE(rig.client().value("SELECT count() FROM freshet.quarantine"), "0");
  ASSERT_EQ(rig.run_child(goal, "inserted", Rig::Child::replay_leniently), kKilled);
  ASSERT_EQ(rig.run_child(goal, {}, Rig::Child::replay_leniently), 0);
  rig.expect_equal("items");
  rig.expect_equal_or_waiting(
      "keeps");  // a snapshot may have replaced what a last value was to be taken from
}

// FRESHET_HISTORIES=60: as many seeds, from 1 on.
std::vector<unsigned> seeds() {
  const char* asked = std::getenv("FRESHET_HISTORIES");
  if (asked == nullptr) return {1, 7, 13};
  std::vector<unsigned> all(std::stoul(asked));
  std::iota(all.begin(), all.end(), 1U);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Histories, testing::ValuesIn(seeds()));

// The engine dies again and again while changes come; load waits, says so, and drains when it is back.
TEST(Outage, OfTheEngineLosesNothing) {
  Rig rig;
  History history(rig.source(), 11);
  rig.start();
  for (int i = 0; i < 4; ++i) {
    for (int step = 0; step < 20; ++step) history.step();
    rig.source().seal();
    engine().kill();
    for (int step = 0; step < 20; ++step) history.step();
    rig.source().seal();
    EXPECT_TRUE(
        eventually([&] { return rig.load().status().state == load::LoadState::waiting_for_clickhouse; }));
    EXPECT_FALSE(rig.load().status().error.empty());
    engine().start();
    EXPECT_TRUE(eventually([&] { return rig.load().status().state == load::LoadState::running; }));
  }
  history.finish();
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

// Whoever records a higher term ends the leader before it: no intent and no cut of it comes after.
TEST(Leading, EndsWhenAnotherHasTheHighestTerm) {
  Rig rig;
  rig.start();
  rig.source().insert("items", row(1, "a"));
  rig.source().commit();
  rig.settle();
  const std::string rounds =
      "SELECT max(round) FROM (SELECT round FROM freshet.cuts UNION ALL SELECT round FROM freshet.intents)";
  rig.client().execute(
      "INSERT INTO freshet.terms (term, claim, holder, released) SELECT max(term) + 1, 'c', 'other', 0 FROM "
      "freshet.terms");
  const std::string before = rig.client().value(rounds);
  rig.source().insert("items", row(2, "b"));
  rig.source().commit();
  rig.source().seal();
  EXPECT_EQ(rig.failure().kind(), ErrorKind::identity);
  EXPECT_EQ(rig.client().value(rounds), before);
}

// Two that find the same term free: at most one of them leads, whatever the other tries again.
TEST(Leading, IsForOneOfTwoThatStartAtTheSameMoment) {
  engine().start();
  clickhouse::Client admin(clickhouse::Endpoint(engine().url()));
  for (int round = 0; round < 20; ++round) {
    admin.execute("DROP DATABASE IF EXISTS freshet SYNC");
    admin.execute("CREATE DATABASE freshet");
    admin.execute(load::terms_table().create());
    std::barrier begin(2);
    std::vector<std::uint64_t> terms(2);
    const auto claim = [&](std::size_t which) {
      load::Lead lead({.holder = "same name", .deadline = 1ms}, system_clock());
      clickhouse::Client client(clickhouse::Endpoint(engine().url()));
      client.ping(5s);
      begin.arrive_and_wait();
      while (lead.term() == 0) {
        try {
          lead.claim(client, {});
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::transient) << error.what();
        }
      }
      terms[which] = lead.term();
    };
    {
      const std::jthread one(claim, 0);
      const std::jthread other(claim, 1);
    }
    EXPECT_NE(terms[0], terms[1]);
  }
}

// On a busy machine it may take longer than a refresh may hold load: then it is tried again.
load::FrozenSet frozen(Rig& rig) {
  for (int attempt = 1;; ++attempt) {
    try {
      return rig.load().freeze({"items", "keeps"}).get();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::capacity || attempt == 20) throw;
    }
  }
}

// What is frozen between two rounds is the source as of one commit, whatever goes on meanwhile.
TEST(Frozen, MirrorsShowOneCommit) {
  Rig rig;
  History history(rig.source(), 7, /*snapshots=*/false);
  rig.start();
  history.step();
  rig.settle();
  int compared = 0;
  for (int i = 0; i < 15; ++i) {
    for (int step = 0; step < 4; ++step) history.step();
    rig.source().seal();
    const load::FrozenSet set = frozen(rig);
    const std::string floor =
        fmt::format("(SELECT max(version) FROM {} WHERE table = '{}')", set.table("_floors"), "items");
    const Rows rows =
        rig.live("items", fmt::format("{} FINAL WHERE _version > {}", set.table("items"), floor));
    EXPECT_EQ(rows, rig.source().rows_at("items", set.cut)) << "at " << to_string(set.cut);
    ++compared;
    if (i % 2 == 0) load::drop_frozen(rig.client(), set);
  }
  EXPECT_EQ(load::list_frozen(rig.client()).size(), static_cast<std::size_t>(compared / 2));
  EXPECT_EQ(rig.client().value("SELECT count() FROM system.tables WHERE database = 'frozen'"),
            std::to_string(compared / 2 * 3));
}

TEST(Stopping, OneStreamLeavesTheOthersRunning) {
  Rig rig(halting_contracts());
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "fits"));
  source.insert("keeps", row(1, "fits"));
  source.commit();
  rig.settle();
  source.insert("items", row(2, "also fits"));
  source.commit();
  source.insert("items", {3, "doesn't", "d", "NaN"});
  source.insert("keeps", row(2, "goes on"));
  source.commit();
  rig.settle();
  const load::TableStatus items = *rig.status_of("app.items");
  EXPECT_EQ(items.state, load::StreamState::stopped);
  EXPECT_NE(items.reason.find("'amount'"), std::string::npos) << items.reason;
  EXPECT_LT(items.cut, rig.load().status().cut);
  EXPECT_GT(items.cut_committed_at, 0);
  EXPECT_LT(items.cut_committed_at, rig.load().status().cut_committed_at);
  rig.expect_equal("keeps");

  // It stands over a restart, and stops again when nothing was mended.
  rig.stop();
  rig.start();
  source.insert("keeps", row(3, "still"));
  source.commit();
  rig.settle();
  rig.expect_equal("keeps");
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::stopped);
  EXPECT_EQ(rig.status_of("app.items")->cut_committed_at, items.cut_committed_at);
  rig.load().resume("app.items").get();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::stopped);
  EXPECT_THROW(rig.load().resume("app.keeps").get(), Error);
}

// A TRUNCATE of the transaction that a stream stops in would hide rows that nothing replaces.
TEST(Stopping, WithinATransactionTruncatesNothing) {
  Rig rig(halting_contracts());
  rig.batch_bytes_max = 1;  // what precedes the stop has gone out
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "before"));
  source.commit();
  rig.settle();
  source.truncate("items");
  source.insert("items", {2, "doesn't fit", "d", "NaN"});
  source.commit();
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->state, load::StreamState::stopped);
  EXPECT_EQ(rig.live("items"), (Rows{{1, row(1, "before")}}));
}

// Its mirror may hold a part of the transaction that it stopped in.
TEST(Stopping, KeepsAMirrorFromBeingFrozen) {
  Rig rig(halting_contracts());
  Source& source = rig.source();
  rig.start();
  source.insert("items", {1, "doesn't fit", "d", "NaN"});
  source.insert("keeps", row(1, "fits"));
  source.commit();
  rig.settle();
  try {
    rig.load().freeze({"keeps", "items"}).get();
    ADD_FAILURE() << "frozen";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(error.message().find("app.items stands"), std::string::npos) << error.message();
  }
  EXPECT_TRUE(load::list_frozen(rig.client()).empty());
  EXPECT_EQ(rig.load().freeze({"keeps"}).get().mirrors, std::vector<std::string>{"keeps"});
}

TEST(Stopping, AfterAStopInTheRoundOfTheFirstSnapshotResumeStartsOver) {
  Rig rig(halting_contracts());
  Source& source = rig.source();
  source.seed("items", row(1, "a", "long"));
  source.update("items", row(1, "b", kUnchanged));
  source.commit();
  const Lsn v = source.begin_snapshot("items");
  source.snapshot_row("items", v, row(1, "b", "long"));
  source.insert("items", {9, "nan", "d", "NaN"});
  source.commit();
  source.end_snapshot("items", v);
  rig.start();
  rig.settle();
  const std::string reason = rig.status_of("app.items")->reason;
  EXPECT_NE(reason.find("'amount'"), std::string::npos) << reason;
  rig.load().resume("app.items").get();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->reason, reason);
}

// Records that retention dropped, of a table that comes into the project, while a round is half done.
TEST(Stopping, AGapIsOneStreamsAlsoWhenARoundIsOpen) {
  const std::vector<contract::StreamContract> one{contract_of("items")};
  Rig rig(one, 8 << 20);
  Source& source = rig.source();
  rig.start();
  std::mt19937 random(1);
  std::string noise(200'000, 'x');  // that LZ4 can't shrink
  for (std::int64_t id = 1; id < 200 && !rig.gaps().contains("app.keeps"); ++id) {
    for (char& c : noise) c = static_cast<char>('a' + random() % 26);
    source.insert("keeps", {id, "n", noise, "1.50"});
    source.insert("items", {id, "n", noise, "1.50"});
    source.commit();
    rig.settle();
  }
  ASSERT_TRUE(rig.gaps().contains("app.keeps"));
  rig.stop();
  const std::string columns = "journal, generation, number, epoch, commit_lsn, committed_at, ends";
  rig.client().execute(fmt::format(
      "INSERT INTO freshet.intents (round, term, {0}) SELECT round + 1, term, {0} FROM freshet.cuts "
      "ORDER BY round DESC LIMIT 1",
      columns));
  rig.change_contracts({contract_of("items"), contract_of("keeps", contract::OnDelete::keep)});
  rig.start();
  source.insert("items", row(1000, "goes on"));
  source.commit();
  rig.settle();
  rig.expect_equal("items");
  EXPECT_EQ(rig.status_of("app.keeps")->state, load::StreamState::gap);
}

TEST(Stopping, AMirrorThatIsNewBelowAnOldPositionNeedsASnapshot) {
  std::vector<contract::StreamContract> contracts = all_contracts();
  Rig rig(contracts);
  Source& source = rig.source();
  rig.start();
  source.insert("items", row(1, "n"));
  source.insert("keeps", row(1, "n"));
  source.commit();
  rig.settle();
  rig.stop();
  contracts[0].mirror = "items_v2";
  rig.change_contracts(contracts);
  rig.start();
  source.insert("keeps", row(2, "n"));
  source.commit();
  rig.settle();
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::gap);
  EXPECT_NE(rig.status_of("app.items")->reason.find("items_v2"), std::string::npos);
  rig.expect_equal("keeps");
}

TEST(Stopping, AResumedStreamCatchesUpAtOneCommonCut) {
  std::vector<contract::StreamContract> strict = halting_contracts();
  Rig rig(strict);
  Source& source = rig.source();
  rig.start();
  for (int id = 1; id <= 3; ++id) source.insert("items", row(id, "n", "long"));
  source.commit();
  rig.settle();
  source.update("items", row(1, "b", kUnchanged));
  source.move("items", 2, row(20, "moved", kUnchanged));
  source.insert("items", {9, "nan", "d", "NaN"});
  source.commit();
  rig.settle();
  ASSERT_EQ(rig.status_of("app.items")->state, load::StreamState::stopped);
  source.update("items", row(1, "c", kUnchanged));
  source.remove("items", 3);
  source.commit();
  rig.settle();

  // Its contract now says that a NaN is NULL.
  rig.stop();
  for (contract::StreamContract& contract : strict) contract.columns[3].null_when.nan = true;
  rig.change_contracts(strict);
  rig.start();
  rig.settle();
  rig.load().resume("app.items").get();
  rig.settle();
  Rows expected = source.rows("items");
  expected.at(9).amount.reset();
  EXPECT_EQ(rig.live("items"), expected);
  const load::LoadStatus status = rig.load().status();
  EXPECT_EQ(rig.status_of("app.items")->state, load::StreamState::running);
  EXPECT_EQ(rig.status_of("app.items")->cut, status.cut);
  EXPECT_EQ(rig.status_of("app.items")->nulled, 1U);
}

}  // namespace
}  // namespace freshet::test
