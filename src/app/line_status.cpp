#include "app/line_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "change/lsn.h"

namespace freshet::app {

namespace {

// Complete only means that all of it is in the journal; a later V is that of a snapshot yet to come.
bool has_its_snapshot(const StreamLine& stream) {
  if (!stream.snapshot || stream.snapshot->periodic) return true;
  if (stream.snapshot->active() || stream.snapshot->v.empty() || stream.snapshot_loaded.empty()) return false;
  return parse_lsn(stream.snapshot_loaded) >= parse_lsn(stream.snapshot->v);
}

bool failed(const StageLine& stage) {
  return stage.state == "failed";
}

std::string state_of_snapshot(const StreamLine& stream) {
  if (!stream.snapshot->active())
    return fmt::format("the snapshot of {} isn't in its mirror yet", stream.name);
  const std::string note = stream.snapshot->note.empty() ? "" : ": " + stream.snapshot->note;
  return fmt::format("the snapshot of {} is {}{}", stream.name, stream.snapshot->state, note);
}

}  // namespace

std::string not_loaded_because(const LineStatus& status) {
  if (const auto stage = std::ranges::find_if(status.stages, failed); stage != status.stages.end())
    return fmt::format("{} has failed: {} ({})", stage->name, stage->error, stage->hint);
  if (!status.ready.ready) return "not ready: " + status.ready.reason;
  const auto stream = std::ranges::find_if(status.streams, [](const StreamLine& candidate) {
    return (candidate.error.empty() || candidate.state == "gap") && !has_its_snapshot(candidate);
  });
  return stream == status.streams.end() ? "" : state_of_snapshot(*stream);
}

bool is_loaded(const LineStatus& status) {
  return not_loaded_because(status).empty();
}

bool has_failed(const LineStatus& status) {
  return std::ranges::any_of(status.stages, failed);
}

}  // namespace freshet::app
