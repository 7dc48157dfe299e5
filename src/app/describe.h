// From what each stage says of itself to the one status of the line. Called by the main thread, once a
// refresh.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/line_status.h"
#include "app/rate_meter.h"
#include "app/supervisor.h"
#include "capture/status.h"
#include "contract/contract.h"
#include "load/status.h"

namespace freshet::app {

std::vector<StageLine> describe_stages(const std::vector<StageStatus>& stages, WallTime now);

// One line per contract, in their order, that nothing is known of yet.
std::vector<StreamLine> describe_contracts(const std::vector<contract::StreamContract>& contracts);

void add_load(LineStatus& line, const load::LoadStatus& load, WallTime now);

// How far behind the mirrors are, by what the journal holds ahead of load; after add_load. When nothing was
// ever loaded, all of it has waited since the start at least.
void add_lag(LineStatus& line, const std::map<std::string, std::uint64_t>& bytes_ahead);

// Snapshots, bytes, and what troubles capture; after add_load.
class CaptureDescriber {
 public:
  void add(LineStatus& line, const capture::CaptureStatus& capture, SteadyTime now);

 private:
  std::map<std::string, RateMeter> bytes_;  // by stream
};

}  // namespace freshet::app
