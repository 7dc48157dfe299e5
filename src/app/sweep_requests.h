// What the running process answers about sweeps that ask before they take much away: requests and answers are
// JSON text on the control socket (control.h). Called by the control thread. An answer names the question
// that was seen, by the version of its reading: another reading may end between the two.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapter/clickhouse/endpoint.h"
#include "app/contracts_in_force.h"
#include "app/control.h"
#include "app/load_stage.h"
#include "contract/contract.h"

namespace freshet::app {

class SweepRequests {
 public:
  using Locate = std::function<std::optional<clickhouse::Endpoint>()>;

  // All outlive it.
  SweepRequests(const ContractsInForce& contracts, const LoadStage& load, Locate locate)
      : contracts_(contracts), load_(load), locate_(std::move(locate)) {}

  // Adds the handlers of its commands.
  void add_to(ControlHandlers& handlers) const;

 private:
  // `names`: of the streams; null: all.
  std::string list(const std::string& names) const;
  std::string answer(const std::string& request) const;

  const ContractsInForce& contracts_;
  const LoadStage& load_;
  const Locate locate_;
};

}  // namespace freshet::app
