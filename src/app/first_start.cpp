#include "app/first_start.h"

#include <fmt/format.h>

#include "adapter/files/directory.h"
#include "adapter/postgres/connection.h"
#include "app/source_wishes.h"

namespace freshet::app {
namespace {

Error first_of(const std::vector<capture::BrokenRule>& broken) {
  const Error& first = broken.front().error;
  if (broken.size() == 1) return first;
  return Error(first.kind(),
               fmt::format("{} (and {} more: freshet doctor)", first.message(), broken.size() - 1),
               first.hint());
}

}  // namespace

bool has_journal(const contract::Project& project, const std::filesystem::path& data) {
  return !files::list(std::filesystem::absolute(data) / project.journal.dir).empty();
}

void require_sound_source(const LineOptions& options, const std::filesystem::path& data) {
  if (has_journal(options.project, data)) return;
  std::vector<capture::BrokenRule> broken;
  try {
    postgres::Connection source({.url = options.source, .purpose = "freshet start"});
    broken = capture::inspect_source(source, source_wishes(source, options.project, options.contracts, true))
                 .broken;
  } catch (const Error& error) {
    if (error.may_pass()) return;
    throw;
  }
  if (!broken.empty()) throw first_of(broken);
}

}  // namespace freshet::app
