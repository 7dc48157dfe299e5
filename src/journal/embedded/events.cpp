#include "journal/embedded/events.h"

#include "base/log.h"
#include "base/metrics.h"

namespace freshet::journal {
namespace {

metrics::Counter retention_failures() {
  return metrics::counter("freshet_journal_retention_failures_total",
                          "Times that nothing could be removed from the journal.");
}

metrics::Counter gaps(const std::string& stream) {
  return metrics::counter("freshet_journal_gaps_total", "Gaps opened in streams that don't run.",
                          {{"stream", stream}});
}

}  // namespace

void register_counters(const std::vector<std::string>& streams) {
  retention_failures();
  for (const std::string& stream : streams) gaps(stream);
}

void tell(const RetentionFailed& event) {
  retention_failures().add();
  log::error("journal_retention_failed", {{"error", event.error.message()}, {"hint", event.error.hint()}});
}

void tell(const GapOpened& event) {
  gaps(event.stream).add();
  log::warn("journal_gap_opened", {{"stream", event.stream}, {"bytes", event.bytes}});
}

void tell(const Kept& event) {
  static const auto bytes = metrics::gauge("freshet_journal_bytes", "Bytes of the journal on disk.");
  static const auto held =
      metrics::gauge("freshet_journal_held_bytes", "Of them, for streams that don't run.");
  static const auto limit = metrics::gauge("freshet_journal_limit_bytes", "The journal's limit.");
  bytes.set(static_cast<double>(event.bytes));
  held.set(static_cast<double>(event.held));
  limit.set(static_cast<double>(event.limit));
}

}  // namespace freshet::journal
