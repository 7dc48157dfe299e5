#include "app/line_status_join.h"

#include <algorithm>

#include "app/describe.h"

namespace freshet::app {
namespace {

void add(StreamLine& stream, const StreamLine& captured) {
  stream.snapshot = captured.snapshot;
  stream.bytes = captured.bytes;
  stream.bytes_per_second = captured.bytes_per_second;
  if (!captured.error.empty()) stream.lag_seconds.reset();  // its changes don't come
  if (!stream.error.empty()) return;
  if (captured.state == "snapshot") stream.state = captured.state;
  stream.error = captured.error;
  stream.hint = captured.hint;
}

}  // namespace

LineStatus joined(LineStatus load, const LineStatus& capture) {
  const auto knows = [&](const StageLine& stage) {
    return std::ranges::any_of(load.stages, [&](const StageLine& known) { return known.name == stage.name; });
  };
  std::vector<StageLine> stages;
  std::ranges::copy_if(capture.stages, std::back_inserter(stages),
                       [&](const StageLine& stage) { return !knows(stage); });
  load.stages.insert(load.stages.begin(), stages.begin(), stages.end());
  load.source = capture.source;
  load.total.bytes_per_second = capture.total.bytes_per_second;
  for (StreamLine& stream : load.streams) {
    const auto captured = std::ranges::find(capture.streams, stream.name, &StreamLine::name);
    if (captured != capture.streams.end()) add(stream, *captured);
  }
  add_silence(load);
  return load;
}

}  // namespace freshet::app
