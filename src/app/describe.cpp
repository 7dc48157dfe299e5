#include "app/describe.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/metrics.h"

namespace freshet::app {
namespace {

StreamLine* find_stream(LineStatus& line, const std::string& name) {
  const auto found = std::find_if(line.streams.begin(), line.streams.end(),
                                  [&](const StreamLine& stream) { return stream.name == name; });
  return found == line.streams.end() ? nullptr : &*found;
}

// A stage that runs may still have something to say: it mends itself, but somebody should know.
void trouble(LineStatus& line, const std::string& stage_name, const std::string& error,
             const std::string& hint) {
  if (error.empty()) return;
  for (StageLine& stage : line.stages) {
    if (stage.name != stage_name || stage.state != to_string(StageState::running)) continue;
    stage.error = error;
    stage.hint = hint;
  }
}

std::string note_of(const capture::TableStatus& table) {
  if (!table.error.empty()) return table.error;
  if (!table.blocker.empty()) return "waits for " + table.blocker;
  return table.once_more ? "the table changed meanwhile: when this reading has ended, another one follows"
                         : "";
}

SnapshotLine describe_snapshot(const capture::TableStatus& table) {
  SnapshotLine line;
  line.state = to_string(table.state);
  line.periodic = table.periodic;
  if (table.v != Lsn()) line.v = to_string(table.v);
  line.rows = table.rows;
  line.rows_estimate = table.rows_estimate;
  line.share = table.share;
  line.rows_per_second = table.rows_per_second;
  if (table.left) line.seconds_left = static_cast<double>(table.left->count());
  line.note = note_of(table);
  return line;
}

void add_snapshots(LineStatus& line, const capture::SnapshotStatus& snapshot) {
  for (const capture::TableStatus& table : snapshot.tables) {
    StreamLine* stream = find_stream(line, table.stream);
    if (stream == nullptr) continue;
    stream->snapshot = describe_snapshot(table);
    if (stream->snapshot->active() && !table.periodic && stream->error.empty()) stream->state = "snapshot";
  }
}

void add_problems(LineStatus& line, const std::vector<capture::TableProblem>& problems) {
  for (const capture::TableProblem& problem : problems) {
    StreamLine* stream = find_stream(line, problem.stream);
    if (stream == nullptr) continue;
    stream->lag_seconds.reset();  // its changes don't come
    if (!stream->error.empty()) continue;
    stream->error = problem.error;
    stream->hint = problem.hint;
  }
}

void add_source(LineStatus& line, const capture::CaptureStatus& capture) {
  line.source.receives = capture.state == capture::CaptureState::streaming && !capture.publication_problem;
  line.source.received = to_string(capture.received);
  line.source.journalled = to_string(capture.journalled);
  if (!capture.slot) return;
  line.source.retained_bytes = capture.slot->retained_bytes;
  if (capture.slot->safe_wal_size)
    line.source.bytes_until_loss =
        static_cast<std::uint64_t>(std::max<std::int64_t>(*capture.slot->safe_wal_size, 0));
}

double seconds_since(Micros committed_at, WallTime now) {
  return std::chrono::duration<double>(now - WallTime(std::chrono::microseconds(committed_at))).count();
}

// What a gap lacks isn't in the journal any more, and what is in quarantine was read from it.
bool lacks_what_is_read(const StreamLine& stream) {
  using enum load::StreamState;
  return std::ranges::any_of(std::array{gap, quarantined, unswept, filling},
                             [&](load::StreamState state) { return stream.state == to_string(state); });
}

double common_age(const LineStatus& line) {
  return line.cut.committed_at.empty() ? line.uptime_seconds : std::max(line.cut.age_seconds, 0.0);
}

}  // namespace

std::string iso(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%FT%T}.{:06}Z", seconds, (time - seconds).count());
}

std::vector<StageLine> describe_stages(const std::vector<StageStatus>& stages, WallTime now) {
  std::vector<StageLine> lines;
  for (const StageStatus& stage : stages) {
    const double seconds = std::chrono::duration<double>(now - stage.since).count();
    lines.push_back(
        {stage.name, std::string(to_string(stage.state)), seconds, stage.restarts, stage.error, stage.hint});
  }
  return lines;
}

std::vector<StreamLine> describe_contracts(const std::vector<contract::StreamContract>& contracts) {
  std::vector<StreamLine> lines;
  for (const contract::StreamContract& contract : contracts) {
    StreamLine line;
    line.name = contract::to_string(contract.source);
    line.mirror = "raw." + contract.mirror;
    line.state = "waiting";
    lines.push_back(std::move(line));
  }
  return lines;
}

ReadyLine capture_readiness(const std::optional<capture::CaptureStatus>& capture) {
  if (!capture) return {false, "capture isn't running", {}};
  if (capture->state != capture::CaptureState::streaming) {
    const std::string why = capture->error.empty() ? "" : ": " + capture->error;
    return {false, fmt::format("capture doesn't receive ({}){}", to_string(capture->state), why), {}};
  }
  if (!capture->heartbeat_error.empty())
    return {false, "heartbeats don't get through: " + capture->heartbeat_error, {}};
  if (capture->publication_problem) return {false, capture->publication_problem->error, {}};
  return {true, "", {}};
}

void add_load(LineStatus& line, const load::LoadStatus& load, WallTime now) {
  trouble(line, "load", load.error, load.hint);
  line.total.rows = load.rows;
  line.total.rows_per_second = load.rows_per_second;
  line.cut.lsn = to_string(load.cut);
  line.cut.round = load.round;
  if (load.cut_committed_at != 0) {
    line.cut.committed_at = iso(WallTime(std::chrono::microseconds(load.cut_committed_at)));
    line.cut.age_seconds = seconds_since(load.cut_committed_at, now);
  }
  for (const load::TableStatus& table : load.tables) {
    StreamLine* stream = find_stream(line, table.stream);
    if (stream == nullptr) continue;
    stream->state = to_string(table.state);
    if (table.state != load::StreamState::running)
      stream->cut_age_seconds =
          table.cut_committed_at != 0 ? seconds_since(table.cut_committed_at, now) : line.uptime_seconds;
    if (table.snapshot_loaded != Lsn()) stream->snapshot_loaded = to_string(table.snapshot_loaded);
    stream->rows = table.rows;
    stream->rows_per_second = table.rows_per_second;
    stream->error = table.reason;
    stream->hint = table.hint;
  }
}

void set_lag(const StreamLine& stream) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const metrics::Labels label{{"stream", stream.name}};
  metrics::gauge("freshet_stream_lag_seconds",
                 "Age of the stream's newest loaded commit while it lacks something.", label)
      .set(stream.lag_seconds.value_or(kUnknown));
  metrics::gauge("freshet_stream_lag_bytes", "Of the journal, written and not loaded yet.", label)
      .set(stream.lag_seconds ? static_cast<double>(stream.lag_bytes) : kUnknown);
}

void add_lag(LineStatus& line, const std::map<std::string, std::uint64_t>& bytes_ahead) {
  const double age = common_age(line);
  line.total.lag_seconds = 0;
  for (const auto& [name, bytes] : bytes_ahead) {
    line.total.lag_bytes += bytes;
    line.total.lag_seconds = age;
    if (StreamLine* stream = find_stream(line, name)) stream->lag_bytes = bytes;
  }
  for (StreamLine& stream : line.streams) {
    const bool lacks = stream.lag_bytes > 0 || lacks_what_is_read(stream);
    stream.lag_seconds = lacks ? stream.cut_age_seconds.value_or(age) : 0;
  }
}

void add_silence(LineStatus& line) {
  if (line.source.receives) return;
  const double age = common_age(line);
  if (line.total.lag_seconds) line.total.lag_seconds = age;
  const bool failed = std::ranges::any_of(line.stages, [](const StageLine& stage) {
    return stage.name == "capture" && stage.state == to_string(StageState::failed);
  });
  for (StreamLine& stream : line.streams) {
    if (stream.lag_seconds)
      stream.lag_seconds = std::max(*stream.lag_seconds, stream.cut_age_seconds.value_or(age));
    if (failed && stream.state == to_string(load::StreamState::running)) stream.state = "waiting";
  }
}

bool hears_heartbeats(const LineStatus& line, std::chrono::milliseconds interval) {
  constexpr int kLate = 3;
  constexpr std::chrono::seconds kOnTheWay{10};
  return common_age(line) < std::chrono::duration<double>(kLate * interval + kOnTheWay).count();
}

void CaptureDescriber::add(LineStatus& line, const capture::CaptureStatus& capture, SteadyTime now) {
  trouble(line, "capture", capture.error, capture.hint);
  if (capture.publication_problem)
    trouble(line, "capture", capture.publication_problem->error, capture.publication_problem->hint);
  trouble(line, "capture", capture.look_error,
          "until the catalogue can be read, nobody notices what the stream doesn't tell");
  trouble(line, "capture", capture.heartbeat_error,
          "the slot doesn't move while heartbeats don't get through");
  if (capture.state == capture::CaptureState::journal_full)
    trouble(line, "capture", "the journal is full: capture waits",
            "load must get on, or the journal needs a higher size_limit in pipeline.yaml");
  add_source(line, capture);
  add_snapshots(line, capture.snapshot);
  add_problems(line, capture.problems);
  for (const auto& [name, count] : capture.streams) {
    const double rate = bytes_[name].update(count.bytes, now);
    line.total.bytes_per_second += rate;
    if (StreamLine* stream = find_stream(line, name)) {
      stream->bytes = count.bytes;
      stream->bytes_per_second = rate;
    }
  }
}

}  // namespace freshet::app
