// Load as a stage of this process: waits for ClickHouse's address, opens the journal for reading and builds
// load::Load for each run. run() belongs to the stage's thread, the rest to any.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/contracts_in_force.h"
#include "app/current.h"
#include "contract/contract.h"
#include "journal/open.h"
#include "load/load.h"

namespace freshet::app {

struct LoadStageOptions {
  journal::JournalOptions journal;
  std::chrono::milliseconds tick;
  load::SweepLimits sweep = {};
  bool exclusive = false;  // the engine is ours alone: no other load can write to it
  // Nothing while ClickHouse's address isn't known.
  std::function<std::optional<clickhouse::Endpoint>()> locate;
  std::function<void(const load::UnresolvedKeys&)> on_unresolved;
};

class LoadStage {
 public:
  // `contracts`: without the canary's; they outlive it.
  LoadStage(LoadStageOptions options, const ContractsInForce& contracts, Clock& clock)
      : options_(std::move(options)), contracts_(contracts), clock_(clock) {}

  void run(std::stop_token stop);

  // Has the run under way take in what has come to the contracts since it began. Throws Error{capacity}.
  void take_in() const;

  // Nothing while no run is under way.
  std::optional<load::LoadStatus> status() const;
  // Has streams that stopped go on from where they stand; where nothing was mended, all is as before. False:
  // load can't be asked now.
  bool try_again() const;
  // Their tables are read from their beginning: Load::read_anew. Waits until it is noted; Error otherwise.
  void read_anew(const std::vector<std::string>& streams) const;

  // Load's requests of these names, waited for; Error{in_doubt} when load is too busy to answer in time.
  std::vector<load::Replayed> replay(const std::vector<std::string>& streams) const;
  std::uint64_t drop(const std::string& stream, const load::Quarantine::Drop& drop) const;
  load::SweepQuestion answer_sweep(const std::string& stream, const load::SweepAnswer& sweep) const;
  void note_repair(const load::RepairNote& note) const;
  void pause(const std::string& stream) const;
  void resume(const std::string& stream) const;

 private:
  template <class Ask>
  auto wait_for(const Ask& ask) const;
  std::optional<clickhouse::Endpoint> wait_for_clickhouse(std::stop_token stop) const;

  const LoadStageOptions options_;
  const ContractsInForce& contracts_;
  Clock& clock_;
  Current<load::Load> current_;
};

}  // namespace freshet::app
