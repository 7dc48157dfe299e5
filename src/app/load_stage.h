// Load as a stage of this process: waits for ClickHouse's address, opens the journal for reading and builds
// load::Load for each run. run() belongs to the stage's thread, the rest to any.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/current.h"
#include "contract/contract.h"
#include "journal/embedded.h"
#include "load/load.h"

namespace freshet::app {

struct LoadStageOptions {
  std::vector<contract::StreamContract> contracts;  // the canary's among them
  journal::EmbeddedOptions journal;
  std::chrono::milliseconds tick;
  bool exclusive = false;  // the engine is ours alone: no other load can write to it
  // Nothing while ClickHouse's address isn't known.
  std::function<std::optional<clickhouse::Endpoint>()> locate;
  std::function<void(const load::UnresolvedKeys&)> on_unresolved;
};

class LoadStage {
 public:
  LoadStage(LoadStageOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {}

  void run(std::stop_token stop);

  // Nothing while no run is under way.
  std::optional<load::LoadStatus> status() const;
  // Lets a stopped stream go on from where it stands; it stops there again when nothing was mended.
  void try_again(const std::string& stream) const;

 private:
  std::optional<clickhouse::Endpoint> wait_for_clickhouse(std::stop_token stop) const;

  const LoadStageOptions options_;
  Clock& clock_;
  Current<load::Load> current_;
};

}  // namespace freshet::app
