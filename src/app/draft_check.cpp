#include "app/draft_check.h"

#include "app/canary_contract.h"
#include "load/names.h"

namespace freshet::app {

std::optional<Error> refused_by_load(const contract::StreamContract& contract) try {
  load::check_names(contract);
  if (contract.mirror == canary_contract().mirror)
    return Error(
        ErrorKind::config, "its name is that of Freshet's own table",
        "rename the table at the source, or write its contract by hand, where the mirror has another "
        "'name'");
  return std::nullopt;
} catch (const Error& error) {
  return error;
}

}  // namespace freshet::app
