// Random schemas and histories through the whole line, with kills, snapshots, pauses, altered tables,
// changing partitions and values that no mirror holds in their midst: once the contracts have followed,
// nothing waits, and every mirror is equal to its table.
//
//   FRESHET_HISTORIES=100 FRESHET_SEED=7 build/dev/tests/line/line_random_history_test
//
// A case that fails prints its history and RC_PARAMS="reproduce=…", which repeats just that one.
#include "line/random_history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "line/contracts.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

std::string from_environment(const char* name, const char* otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : text;
}

// RapidCheck is told by RC_PARAMS alone; what is set there already counts. A case takes seconds, so one that
// fails isn't made smaller.
void choose_cases() {
  const std::string chosen =
      fmt::format("noshrink=1 max_success={} seed={}", from_environment("FRESHET_HISTORIES", "5"),
                  from_environment("FRESHET_SEED", "20261123"));
  ::setenv("RC_PARAMS", chosen.c_str(), 0);
  std::cout << "RC_PARAMS=\"" << std::getenv("RC_PARAMS") << '"' << std::endl;
}

constexpr int kUndecided = 2;  // what parity ends with

// A history's line, as its steps leave it.
class Player {
 public:
  explicit Player(RandomHistory history) : history_(std::move(history)), mirrored_(history_.schema()) {}

  void play() {
    for (const RandomTransaction& transaction : history_.before) mirrored_.sql(history_.sql(transaction));
    line().start();
    for (const RandomStep& step : history_.steps) play(step);
    end();
  }

 private:
  Line& line() { return mirrored_.line(); }
  std::string stream_of(const RandomStep& step) const { return "public." + history_.tables[step.table].name; }

  void play(const RandomStep& step) {
    using Kind = RandomStep::Kind;
    switch (step.kind) {
      case Kind::transaction:
      case Kind::alteration: mirrored_.sql(history_.sql(step)); return;
      case Kind::snapshot: RC_ASSERT(taken({"snapshot", stream_of(step)})); return;
      // It may stand already, or not; have something to replay, or not.
      case Kind::pause: line().say({"stream", "pause", stream_of(step)}); return;
      case Kind::resume: line().say({"stream", "resume", stream_of(step)}); return;
      case Kind::replay: line().say({"quarantine", "replay", stream_of(step)}); return;
      case Kind::follow: follow(); return;
      case Kind::kill:
        line().kill();
        line().start();
        return;
      case Kind::kill_store: line().kill_store(); return;
    }
  }

  // It may be starting, or still be asking the source for its tables.
  bool taken(const std::vector<std::string>& command) {
    Line::Said said;
    const bool taken =
        eventually([&] { return (said = line().say(command)).status == 0; }, std::chrono::seconds(60));
    if (!taken) RC_LOG() << said.output << line().log_tail();
    return taken;
  }

  // What the tables are by now, and what has no place in a mirror, is in the contracts; and in the mirrors.
  void follow() {
    line().stop();
    follow_tables(mirrored_);
    change_contracts(mirrored_.project(), [](contract::StreamContract& contract) {
      for (contract::ColumnContract& column : contract.columns)
        if (column.name == "price") column.null_when.nan = true;
    });
    line().start();
    RC_ASSERT(all_loaded());
    if (alter_mirrors(mirrored_) == 0) return;
    line().stop();
    line().start();
    RC_ASSERT(all_loaded());
  }
  bool all_loaded() {
    const bool loaded = line().wait_until_loaded();
    if (!loaded) RC_LOG() << line().status_text() << line().log_tail();
    return loaded;
  }

  void end() {
    follow();
    const bool runs = eventually([&] { return nothing_stands(); }, std::chrono::seconds(120));
    if (!runs)
      RC_LOG() << line().status_text() << line().say({"quarantine", "list"}).output << line().log_tail();
    RC_ASSERT(runs);
    int parity = kUndecided;  // while a store that was killed comes back
    eventually([&] { return (parity = line().parity()) != kUndecided; }, std::chrono::seconds(60));
    if (parity != 0) RC_LOG() << line().log_tail();
    RC_ASSERT(parity == 0);
    RC_ASSERT(line().stop() == 0);
  }

  // Takes the next step of a stream that does: it had been read in a shape that no contract is of any more,
  // or has lost many rows.
  bool nothing_stands() {
    const std::vector<app::StreamLine> streams = streams_of(mirrored_);
    bool all_run = !streams.empty();
    for (const app::StreamLine& stream : streams) {
      if (stream.state == "paused") line().say({"stream", "resume", stream.name});
      if (stream.state == "stopped" || stream.state == "gap") line().say({"snapshot", stream.name});
      if (stream.state == "unswept") line().say({"sweep", "allow", stream.name});
      all_run = all_run && stream.state == "running";
    }
    return all_run && line().say({"quarantine", "list"}).status == 0;
  }

  RandomHistory history_;
  Mirrored mirrored_;
};

TEST(RandomHistories, LeaveEveryMirrorEqualToItsTable) {
  choose_cases();
  EXPECT_TRUE(rc::check("mirrors are equal to their tables", [] { Player(*random_history()).play(); }));
}

}  // namespace
}  // namespace freshet::test
