#include "app/supervisor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

// Time passes only in sleep(), and at once.
class FastClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(now_.load()); }
  WallTime wall() const override { return WallTime(); }
  bool sleep(std::chrono::milliseconds duration, std::stop_token stop) const override {
    now_ = now_.load() + duration;
    longest_ = std::max(longest_.load(), duration);
    return !stop.stop_requested();
  }
  std::chrono::milliseconds longest_sleep() const { return longest_; }

 private:
  mutable std::atomic<std::chrono::nanoseconds> now_{0ns};
  mutable std::atomic<std::chrono::milliseconds> longest_{0ms};
};

void wait_for_stop(std::stop_token stop) {
  std::latch stopped(1);
  const std::stop_callback tell(stop, [&] { stopped.count_down(); });
  stopped.wait();
}

TEST(Supervisor, TriesAFailedStageAgainWithGrowingPausesUntilItRuns) {
  FastClock clock;
  std::atomic<int> tries = 0;
  std::latch runs(1);
  Supervisor supervisor({{"load",
                          [&](std::stop_token stop) {
                            if (++tries <= 12) throw Error(ErrorKind::transient, "away");
                            runs.count_down();
                            wait_for_stop(stop);
                          }}},
                        clock);
  supervisor.start();
  runs.wait();
  const StageStatus status = supervisor.status().at(0);
  EXPECT_EQ(status.state, StageState::running);
  EXPECT_EQ(status.restarts, 12);
  EXPECT_EQ(status.error, "away");  // said until it has run for a while
  EXPECT_EQ(clock.longest_sleep(), 30s);
  supervisor.stop();
  EXPECT_EQ(supervisor.status().at(0).state, StageState::stopped);
}

TEST(Supervisor, AStageThatMustStopDoesNotTakeTheOthersAlong) {
  FastClock clock;
  std::latch failed(1), other_runs(1);
  Supervisor supervisor(
      {{"capture", [](std::stop_token) { throw Error(ErrorKind::identity, "another database"); }},
       {"load",
        [&](std::stop_token stop) {
          other_runs.count_down();
          wait_for_stop(stop);
        }}},
      clock, [&](const std::string&, const Error&) { failed.count_down(); });
  supervisor.start();
  failed.wait();
  other_runs.wait();
  const auto status = supervisor.status();
  EXPECT_EQ(status[0].state, StageState::failed);
  EXPECT_NE(status[0].hint, "");
  EXPECT_EQ(status[1].state, StageState::running);
}

TEST(Supervisor, AnExceptionOfAnotherKindIsABugThatIsReportedAndTriedAgain) {
  FastClock clock;
  std::latch runs(2);
  Supervisor supervisor({{"watch",
                          [&](std::stop_token stop) {
                            runs.count_down();
                            if (!runs.try_wait()) throw std::runtime_error("oops");
                            wait_for_stop(stop);
                          }}},
                        clock);
  supervisor.start();
  runs.wait();
  EXPECT_NE(supervisor.status().at(0).error.find("oops"), std::string::npos);
}

TEST(Supervisor, StopsFoundationsAfterThoseThatStandOnThem) {
  FastClock clock;
  std::atomic<int> stopped = 0;
  std::latch both_run(2);
  int store_stopped_as = 0, load_stopped_as = 0;
  Supervisor supervisor({{"store",
                          [&](std::stop_token stop) {
                            both_run.count_down();
                            wait_for_stop(stop);
                            store_stopped_as = ++stopped;
                          },
                          true},
                         {"load",
                          [&](std::stop_token stop) {
                            both_run.count_down();
                            wait_for_stop(stop);
                            load_stopped_as = ++stopped;
                          }}},
                        clock);
  supervisor.start();
  both_run.wait();
  supervisor.stop();
  EXPECT_EQ(load_stopped_as, 1);
  EXPECT_EQ(store_stopped_as, 2);
}

TEST(ErrorPolicy, EveryKindHasARowAndAHint) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::cancelled); ++kind) {
    const Policy& policy = policy_for(static_cast<ErrorKind>(kind));
    EXPECT_EQ(policy.kind, static_cast<ErrorKind>(kind));
    EXPECT_NE(policy.hint, "");
  }
  EXPECT_EQ(hint_of(Error(ErrorKind::config, "x", "do y")), "do y");
}

TEST(ErrorPolicy, PausesDoubleUpToTheLongest) {
  const Policy& policy = policy_for(ErrorKind::transient);
  EXPECT_EQ(pause_after(policy, 0), 200ms);
  EXPECT_EQ(pause_after(policy, 3), 1600ms);
  EXPECT_EQ(pause_after(policy, 1'000'000), 30s);
}

}  // namespace
}  // namespace freshet::app
