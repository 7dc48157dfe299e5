// Random schemas and histories through the whole line, with kills and snapshots in their midst: at the end
// every mirror is equal to its table, whatever happened.
//
//   FRESHET_HISTORIES=100 FRESHET_SEED=7 build/dev/tests/line/line_random_history_test
//
// A case that fails prints its history and RC_PARAMS="reproduce=…", which repeats just that one.
#include "line/random_history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

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

// It may be starting, or still be asking the source for its tables.
bool read_again(Line& line, const std::string& stream) {
  Line::Said said;
  const bool taken = eventually([&] { return (said = line.say({"snapshot", stream})).status == 0; },
                                std::chrono::seconds(60));
  if (!taken) RC_LOG() << said.output << line.log_tail();
  return taken;
}

void play(Mirrored& mirrored, const RandomHistory& history, const RandomStep& step) {
  Line& line = mirrored.line();
  switch (step.kind) {
    case RandomStep::Kind::transaction: mirrored.sql(history.sql(step.transaction)); return;
    case RandomStep::Kind::kill:
      line.kill();
      line.start();
      return;
    case RandomStep::Kind::kill_store: line.kill_store(); return;
    case RandomStep::Kind::snapshot:
      RC_ASSERT(read_again(line, "public." + history.tables[step.table].name));
      return;
  }
}

void play(const RandomHistory& history) {
  Mirrored mirrored(history.schema());
  for (const RandomTransaction& transaction : history.before) mirrored.sql(history.sql(transaction));
  mirrored.line().start();
  for (const RandomStep& step : history.steps) play(mirrored, history, step);
  RC_ASSERT(mirrored.line().wait_until_loaded());
  int parity = kUndecided;  // while a store that was killed comes back
  eventually([&] { return (parity = mirrored.line().parity()) != kUndecided; }, std::chrono::seconds(60));
  if (parity != 0) RC_LOG() << mirrored.line().log_tail();
  RC_ASSERT(parity == 0);
  RC_ASSERT(mirrored.line().stop() == 0);
}

TEST(RandomHistories, LeaveEveryMirrorEqualToItsTable) {
  choose_cases();
  EXPECT_TRUE(rc::check("mirrors are equal to their tables", [] {
    const RandomHistory history = *random_history();
    play(history);
  }));
}

}  // namespace
}  // namespace freshet::test
