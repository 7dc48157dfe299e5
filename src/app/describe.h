// From what each stage says of itself to the one status of the line. Called by the main thread, once a
// refresh.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/line_status.h"
#include "app/rate_meter.h"
#include "app/supervisor.h"
#include "capture/status.h"
#include "contract/contract.h"
#include "load/status.h"

namespace freshet::app {

// ISO 8601 in UTC, with microseconds.
std::string iso(WallTime time);

std::vector<StageLine> describe_stages(const std::vector<StageStatus>& stages, WallTime now);

// One line per contract, in their order, that nothing is known of yet.
std::vector<StreamLine> describe_contracts(const std::vector<contract::StreamContract>& contracts);

// Of a process that runs capture alone and sees no mirror: ready means that it receives, and that the slot
// moves. Nothing: no run of capture is under way.
ReadyLine capture_readiness(const std::optional<capture::CaptureStatus>& capture);

void add_load(LineStatus& line, const load::LoadStatus& load, WallTime now);

// How far behind the mirrors are, by what the journal holds ahead of load; after add_load. A stream that
// stands lags by its own cut, the total by the common one. When nothing was ever loaded, all of it has waited
// since the start at least.
void add_lag(LineStatus& line, const std::map<std::string, std::uint64_t>& bytes_ahead);

// While nobody receives from the source, what it has committed since isn't in the journal: then all that is
// known is how old the newest loaded commit is, and where capture has failed no stream runs. After add_lag
// and the stages.
void add_silence(LineStatus& line);

// Whether the common cut is as young as heartbeats make it: where capture runs in another process.
bool hears_heartbeats(const LineStatus& line, std::chrono::milliseconds interval);

// Tells a stream's lag to the metrics; NaN: it isn't known.
void set_lag(const StreamLine& stream);

// Snapshots, bytes, and what troubles capture; after add_load.
class CaptureDescriber {
 public:
  void add(LineStatus& line, const capture::CaptureStatus& capture, SteadyTime now);

 private:
  std::map<std::string, RateMeter> bytes_;  // by stream
};

}  // namespace freshet::app
