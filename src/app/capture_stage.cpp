#include "app/capture_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "adapter/postgres/connection.h"
#include "app/source_wishes.h"
#include "base/log.h"
#include "contract/diff.h"

namespace freshet::app {
namespace {

using contract::StreamContract;

// A seal away, unless capture has no connection or the journal no room.
constexpr std::chrono::seconds kKeepDeadline{10};

capture::TableRequest periodic_request(const StreamContract& contract, std::chrono::milliseconds otherwise) {
  capture::TableRequest request;
  request.schema = contract.source.schema;
  request.table = contract.source.table;
  request.mode = capture::SnapshotMode::periodic;
  for (const contract::ColumnContract& column : contract.columns) request.columns.push_back(column.name);
  request.interval = std::chrono::ceil<std::chrono::seconds>(contract.every.value_or(otherwise));
  return request;
}

auto find_contract(const std::vector<StreamContract>& contracts, const std::string& stream) {
  return std::ranges::find_if(
      contracts, [&](const StreamContract& contract) { return to_string(contract.source) == stream; });
}

}  // namespace

void CaptureStage::run(std::stop_token stop) {
  capture::Options options = capture_options();
  {
    postgres::Connection source({.url = options.url, .purpose = "freshet start"});
    options.make_publication =
        plan_publication(source, options.tables, *contracts_.now(), options_.project.source);
  }
  const auto journal = journal::open_writer(options_.journal);
  capture::Capture capture(std::move(options), *journal);
  const Current<capture::Capture>::Scope scope(current_, capture);
  take_in();  // what came just before it could be asked
  pass_on_requests(capture);
  capture.run(stop);
}

void CaptureStage::take_in() const {
  current_.ask([&](capture::Capture& capture) {
    capture.add(streamed_tables(*contracts_.now()), periodic_requests());
    return true;
  });
}

static_assert(contract::kCaptureConnections == capture::Capture::kOwnConnections);

capture::Options CaptureStage::capture_options() const {
  const contract::Project& project = options_.project;
  capture::Options options;
  options.url = options_.source;
  options.slot = project.source.slot;
  options.publication = project.source.publication;
  options.data = options_.spool;
  options.give_up_position = options_.give_up_position;
  options.spool_memory_bytes = project.limits.capture_memory;
  options.journaller.tick = project.intervals.tick;
  options.heartbeat_interval = project.intervals.heartbeat;
  options.canary_interval = project.intervals.canary;
  options.snapshot.workers = project.limits.snapshot_workers;
  options.snapshot.chunk_bytes = project.limits.snapshot_chunk;
  options.snapshot.rows_per_second = static_cast<std::uint64_t>(project.limits.snapshot_rows_per_second);
  options.tables = streamed_tables(*contracts_.now());
  options.periodic = periodic_requests();
  options.fits_contract = [this](const std::string& stream, const TableSchema& schema) {
    const auto contracts = contracts_.now();
    const auto contract = find_contract(*contracts, stream);
    return contract == contracts->end() || !contract::has_violation(contract::diff(*contract, schema));
  };
  return options;
}

std::vector<capture::TableRequest> CaptureStage::periodic_requests() const {
  const auto contracts = contracts_.now();
  std::vector<capture::TableRequest> requests;
  for (const StreamContract& contract : *contracts)
    if (contract.mode == contract::Mode::periodic)
      requests.push_back(periodic_request(contract, options_.project.intervals.periodic));
  return requests;
}

std::optional<capture::CaptureStatus> CaptureStage::status() const {
  return current_.ask([](const capture::Capture& capture) { return capture.status(); });
}

void CaptureStage::request(capture::SnapshotRequest request) {
  const MutexLock lock(mutex_);
  if (waiting_.size() >= kRequestsMax) {
    log::warn("snapshot_request_dropped", {{"waiting", waiting_.size()}});
    return;
  }
  const auto taken = current_.ask([&](capture::Capture& capture) {
    capture.request(std::move(request));
    return true;
  });
  if (!taken) waiting_.push_back(std::move(request));
}

void CaptureStage::read_again(const std::vector<std::string>& streams) const {
  std::optional<std::future<void>> kept =
      current_.ask([&](capture::Capture& capture) { return capture.read_again(streams); });
  if (!kept)
    throw Error(ErrorKind::transient, "capture isn't running", "freshet status says why; then ask again");
  if (kept->wait_for(kKeepDeadline) != std::future_status::ready)
    throw Error(ErrorKind::in_doubt,
                fmt::format("capture hasn't taken it up within {} s", kKeepDeadline.count()),
                "freshet status says why, and whether it does later; if not, ask again");
  try {
    kept->get();
  } catch (const std::future_error&) {
    throw Error(ErrorKind::in_doubt, "capture ended while it was asked",
                "see freshet status whether it is being read; if not, ask again");
  }
}

void CaptureStage::read_periodic() {
  const auto now = status();
  if (!now) return;  // its start reads them
  const auto contracts = contracts_.now();
  for (const capture::TableStatus& table : now->snapshot.tables) {
    // One that is being read is as good; asking again would begin it anew.
    if (!table.periodic || table.state != capture::SnapshotState::complete) continue;
    const auto contract = find_contract(*contracts, table.stream);
    if (contract != contracts->end())
      request(periodic_request(*contract, options_.project.intervals.periodic));
  }
}

void CaptureStage::pass_on_requests(capture::Capture& capture) {
  const MutexLock lock(mutex_);
  for (capture::SnapshotRequest& request : waiting_) capture.request(std::move(request));
  waiting_.clear();
}

}  // namespace freshet::app
