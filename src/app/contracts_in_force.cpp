#include "app/contracts_in_force.h"

#include <algorithm>

namespace freshet::app {

bool only_adds(const ContractsInForce::Contracts& before, const ContractsInForce::Contracts& after) {
  return std::ranges::all_of(before, [&](const contract::StreamContract& contract) {
    const auto kept = std::ranges::find(after, contract.source, &contract::StreamContract::source);
    return kept != after.end() && kept->mirror == contract.mirror &&
           contract_yaml(*kept) == contract_yaml(contract);
  });
}

}  // namespace freshet::app
