// The contracts that the line goes by. More may come in while it runs; none leaves or changes. Any thread.
#pragma once

#include <memory>
#include <vector>

#include "base/guarded.h"
#include "contract/contract.h"

namespace freshet::app {

class ContractsInForce {
 public:
  using Contracts = std::vector<contract::StreamContract>;

  explicit ContractsInForce(Contracts contracts)
      : now_(std::make_shared<const Contracts>(std::move(contracts))) {}

  // What whoever asked holds stays as it is; in a variable, that is: `for (… : *now())` would hold nothing.
  std::shared_ptr<const Contracts> now() const {
    const MutexLock lock(mutex_);
    return now_;
  }
  void become(Contracts contracts) {
    auto next = std::make_shared<const Contracts>(std::move(contracts));
    const MutexLock lock(mutex_);
    now_ = std::move(next);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Contracts> now_ GUARDED_BY(mutex_);
};

// Whether `after` has all of `before` as it was, and perhaps more.
bool only_adds(const ContractsInForce::Contracts& before, const ContractsInForce::Contracts& after);

}  // namespace freshet::app
