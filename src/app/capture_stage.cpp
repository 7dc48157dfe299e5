#include "app/capture_stage.h"

#include <algorithm>
#include <utility>

#include "adapter/postgres/connection.h"
#include "base/log.h"
#include "contract/catalogue.h"

namespace freshet::app {
namespace {

using contract::CatalogueColumn;
using contract::CatalogueTable;
using contract::StreamContract;

// The columns that a publication made by us lists: none, which is all of them, unless the contract leaves
// some out. With a list PostgreSQL publishes no column that is added later.
std::vector<std::string> columns_to_publish(const StreamContract& contract, const CatalogueTable* table) {
  if (table == nullptr) return {};
  const bool all =
      std::all_of(table->columns.begin(), table->columns.end(), [&](const CatalogueColumn& column) {
        return column.generated || contract.find(column.name) != nullptr;
      });
  std::vector<std::string> names;
  if (!all)
    for (const contract::ColumnContract& column : contract.columns) names.push_back(column.name);
  return names;
}

const CatalogueTable* find(const contract::Catalogue& catalogue, const contract::TableName& name) {
  const auto found = std::find_if(catalogue.tables.begin(), catalogue.tables.end(),
                                  [&](const CatalogueTable& table) { return table.name == name; });
  return found == catalogue.tables.end() ? nullptr : &*found;
}

// A project that was just written comes up by itself, where its user may create a publication.
void plan_publication(capture::Options& options, const std::vector<StreamContract>& contracts,
                      const contract::SourceSettings& settings) {
  postgres::Connection source({.url = options.url, .purpose = "freshet start"});
  const contract::Catalogue catalogue =
      contract::read_catalogue(source, settings.schemas, settings.publication);
  if (catalogue.publication_exists) return;
  options.make_publication = true;
  for (capture::StreamedTable& table : options.tables) {
    const contract::TableName name{table.schema, table.table};
    const auto contract = std::find_if(contracts.begin(), contracts.end(),
                                       [&](const StreamContract& other) { return other.source == name; });
    table.columns = columns_to_publish(*contract, find(catalogue, name));
  }
}

capture::StreamedTable streamed_table(const StreamContract& contract) {
  capture::StreamedTable table;
  table.schema = contract.source.schema;
  table.table = contract.source.table;
  for (const contract::ColumnContract* column : contract.key()) table.key.push_back(column->name);
  return table;
}

capture::TableRequest periodic_request(const StreamContract& contract, std::chrono::milliseconds otherwise) {
  capture::TableRequest request;
  request.schema = contract.source.schema;
  request.table = contract.source.table;
  request.mode = capture::SnapshotMode::periodic;
  for (const contract::ColumnContract& column : contract.columns) request.columns.push_back(column.name);
  request.interval = std::chrono::ceil<std::chrono::seconds>(contract.every.value_or(otherwise));
  return request;
}

}  // namespace

void CaptureStage::run(std::stop_token stop) {
  capture::Options options = capture_options();
  plan_publication(options, options_.contracts, options_.project.source);
  const auto journal = journal::open_writer(options_.journal);
  capture::Capture capture(std::move(options), *journal);
  const Current<capture::Capture>::Scope scope(current_, capture);
  pass_on_requests(capture);
  capture.run(stop);
}

capture::Options CaptureStage::capture_options() const {
  const contract::Project& project = options_.project;
  capture::Options options;
  options.url = options_.source;
  options.slot = project.source.slot;
  options.publication = project.source.publication;
  options.data = options_.spool;
  options.spool_memory_bytes = project.limits.capture_memory;
  options.journaller.tick = project.intervals.tick;
  options.heartbeat_interval = project.intervals.heartbeat;
  options.canary_interval = project.intervals.canary;
  options.snapshot.workers = project.limits.snapshot_workers;
  options.snapshot.chunk_bytes = project.limits.snapshot_chunk;
  options.snapshot.rows_per_second = static_cast<std::uint64_t>(project.limits.snapshot_rows_per_second);
  for (const StreamContract& contract : options_.contracts) {
    if (contract.mode == contract::Mode::streamed)
      options.tables.push_back(streamed_table(contract));
    else
      options.periodic.push_back(periodic_request(contract, project.intervals.periodic));
  }
  return options;
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
  waiting_.push_back(std::move(request));
  current_.ask([&](capture::Capture& capture) {
    capture.request(std::move(waiting_.back()));
    waiting_.pop_back();
    return true;
  });
}

void CaptureStage::read_periodic() {
  const auto now = status();
  if (!now) return;  // its start reads them
  for (const capture::TableStatus& table : now->snapshot.tables) {
    // One that is being read is as good; asking again would begin it anew.
    if (!table.periodic || table.state != capture::SnapshotState::complete) continue;
    const auto contract =
        std::find_if(options_.contracts.begin(), options_.contracts.end(),
                     [&](const StreamContract& other) { return to_string(other.source) == table.stream; });
    if (contract != options_.contracts.end())
      request(periodic_request(*contract, options_.project.intervals.periodic));
  }
}

void CaptureStage::pass_on_requests(capture::Capture& capture) {
  const MutexLock lock(mutex_);
  for (capture::SnapshotRequest& request : waiting_) capture.request(std::move(request));
  waiting_.clear();
}

}  // namespace freshet::app
