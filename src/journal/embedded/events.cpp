#include "journal/embedded/events.h"

#include "base/log.h"
#include "base/metrics.h"

namespace freshet::journal {

void tell(const RetentionFailed& event) {
  static const auto failures = metrics::counter("freshet_journal_retention_failures_total",
                                                "Times that nothing could be removed from the journal.");
  failures.add();
  log::error("journal_retention_failed", {{"error", event.error.message()}, {"hint", event.error.hint()}});
}

void tell(const GapOpened& event) {
  metrics::counter("freshet_journal_gaps_total", "Gaps opened in streams that don't run.",
                   {{"stream", event.stream}})
      .add();
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
