#include "app/first_start.h"

#include <fmt/format.h>

#include "adapter/files/directory.h"
#include "adapter/postgres/connection.h"
#include "app/source_wishes.h"

namespace freshet::app {
namespace {

constexpr std::chrono::seconds kPatience{10};

Error first_of(const std::vector<capture::BrokenRule>& broken) {
  const Error& first = broken.front().error;
  if (broken.size() == 1) return first;
  return Error(first.kind(),
               fmt::format("{} (and {} more: freshet doctor)", first.message(), broken.size() - 1),
               first.hint());
}

}  // namespace

bool has_journal(const LineOptions& options, const DataDir& data) {
  if (!options.kafka) return !files::list(data.path() / options.project.journal.dir).empty();
  journal::KafkaOptions journal = *options.kafka;
  journal.cluster.deadline = kPatience;
  return journal::read_last_sealed(journal).has_value();
}

void require_sound_source(const LineOptions& options, const DataDir& data) {
  std::vector<capture::BrokenRule> broken;
  try {
    if (has_journal(options, data)) return;
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
