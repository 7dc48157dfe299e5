// What the running process answers about quarantine and streams that are paused: requests and answers are
// JSON text on the control socket (control.h). Called by the control thread.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "adapter/clickhouse/endpoint.h"
#include "app/contracts_in_force.h"
#include "app/control.h"
#include "app/load_stage.h"
#include "contract/contract.h"
#include "load/mirror.h"

namespace freshet::app {

class QuarantineRequests {
 public:
  using Locate = std::function<std::optional<clickhouse::Endpoint>()>;

  // All outlive it.
  QuarantineRequests(const ContractsInForce& contracts, const LoadStage& load, Locate locate)
      : contracts_(contracts), load_(load), locate_(std::move(locate)) {}

  // Adds the handlers of its commands.
  void add_to(ControlHandlers& handlers) const;

 private:
  std::string list(const std::string& streams) const;
  std::string show(const std::string& change) const;
  std::string replay(const std::string& streams) const;
  std::string drop(const std::string& request) const;
  std::string pause(const std::string& streams) const;
  std::string resume(const std::string& streams) const;

  std::vector<std::string> named(const std::string& streams) const;
  std::optional<load::Mirror> mirror_of(const std::string& stream) const;
  clickhouse::Endpoint clickhouse() const;

  const ContractsInForce& contracts_;
  const LoadStage& load_;
  const Locate locate_;
};

}  // namespace freshet::app
