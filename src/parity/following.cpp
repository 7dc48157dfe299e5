#include "parity/following.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace freshet::parity {
namespace {

constexpr std::string_view kStopped = R"(
SELECT state, reason, hint FROM freshet.streams FINAL WHERE stream = {stream:String} AND state != 'running')";

constexpr std::string_view kSnapshotRuns = R"(
SELECT running FROM freshet.snapshots WHERE table = {mirror:String} ORDER BY round DESC, version DESC, running LIMIT 1)";

// A change that waits has one row; when it has been resolved, another with the round of that.
constexpr std::string_view kWaiting = R"(
SELECT uniqExact(key, version) - uniqExactIf((key, version), done_round != 0)
FROM freshet.waiting WHERE table = {mirror:String})";

// The last row is how the last question stands.
constexpr std::string_view kUnswept = R"(
SELECT sum(if(state IN ('asked', 'allowed', 'refused'), rows, 0)) FROM (SELECT state, rows FROM freshet.sweeps
WHERE table = {mirror:String} ORDER BY version DESC, round DESC, state DESC LIMIT 1))";

}  // namespace

void Following::require_running() {
  const clickhouse::Rows rows =
      mirror_.rows(kStopped, {.params = {clickhouse::text_param("stream", table_.name)}});
  if (rows.empty()) return;
  const auto& row = rows.front();
  throw Error(ErrorKind::schema,
              fmt::format("the stream of {} doesn't run ({}): {}", table_.name, row.at(0).value(),
                          row.at(1).value_or("")),
              row.at(2).value_or(""));
}

std::uint64_t Following::unswept() {
  return std::stoull(
      mirror_.value(kUnswept, {.params = {clickhouse::text_param("mirror", table_.mirror_name)}}));
}

std::optional<std::string> Following::still_to_come() {
  const clickhouse::With of_mirror{.params = {clickhouse::text_param("mirror", table_.mirror_name)}};
  const clickhouse::Rows snapshot = mirror_.rows(kSnapshotRuns, of_mirror);
  if (snapshot.empty()) return fmt::format("no snapshot of {} has begun", table_.name);
  // The rows of a periodic table appear at its end; until then the mirror is the last one's.
  if (snapshot.front().at(0).value() != "0" && !table_.periodic)
    return fmt::format("{} is being snapshotted", table_.name);
  const std::string waiting = mirror_.value(kWaiting, of_mirror);
  if (waiting != "0")
    return fmt::format("{} changes of {} wait for their row of a snapshot", waiting, table_.name);
  return std::nullopt;
}

void Following::wait(std::chrono::milliseconds deadline, std::stop_token stop) {
  constexpr std::chrono::milliseconds kBetweenLooks{200};
  const Clock& clock = system_clock();
  const Deadline until(clock, deadline);
  for (;;) {
    require_running();
    const std::optional<std::string> reason = still_to_come();
    if (!reason) return;
    if (until.passed())
      throw Error(ErrorKind::transient, *reason, "`freshet status` shows how far it is; compare again then");
    if (!clock.sleep(kBetweenLooks, stop))
      throw Error(ErrorKind::cancelled, "stopped while waiting for a snapshot");
  }
}

}  // namespace freshet::parity
