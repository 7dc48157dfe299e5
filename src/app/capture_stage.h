// Capture as a stage of this process: opens the journal for writing and builds capture::Capture for each run.
// run() belongs to the stage's thread, the rest to any.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/contracts_in_force.h"
#include "app/current.h"
#include "capture/capture.h"
#include "contract/contract.h"
#include "contract/project.h"
#include "journal/open.h"

namespace freshet::app {

struct CaptureStageOptions {
  contract::Project project;
  std::string source;  // the address, with its password
  journal::JournalOptions journal;
  std::filesystem::path spool;
  std::string give_up_position;  // capture::Options
};

class CaptureStage {
 public:
  // `contracts` outlive it.
  CaptureStage(CaptureStageOptions options, const ContractsInForce& contracts)
      : options_(std::move(options)), contracts_(contracts) {}

  void run(std::stop_token stop);

  // Has the run under way take in what has come to the contracts since it began.
  void take_in() const;

  // Nothing while no run is under way.
  std::optional<capture::CaptureStatus> status() const;

  // Waits here until capture runs. Beyond kRequestsMax it is dropped: load asks again.
  void request(capture::SnapshotRequest request);
  // Has these streams read again (Capture::read_again), and waits until that outlives a kill. Throws Error.
  void read_again(const std::vector<std::string>& streams) const;
  // Has the periodic tables read now, not only when their interval has passed.
  void read_periodic();

 private:
  static constexpr std::size_t kRequestsMax = 1'000;

  capture::Options capture_options() const;
  std::vector<capture::TableRequest> periodic_requests() const;
  void pass_on_requests(capture::Capture& capture);

  const CaptureStageOptions options_;
  const ContractsInForce& contracts_;
  Current<capture::Capture> current_;
  Mutex mutex_;
  std::vector<capture::SnapshotRequest> waiting_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
