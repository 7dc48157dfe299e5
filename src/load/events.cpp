#include "load/events.h"

#include "base/log.h"
#include "base/metrics.h"

namespace freshet::load {

namespace {

struct RoundMetrics {
  metrics::Counter rounds = metrics::counter("freshet_load_rounds_total", "Rounds whose cut was recorded.");
  metrics::Counter repeated =
      metrics::counter("freshet_load_rounds_repeated_total", "Rounds that an earlier process had begun.");
  metrics::Histogram seconds =
      metrics::histogram("freshet_load_round_seconds", "From a round's intent to its recorded cut.");
  metrics::Counter records = metrics::counter("freshet_load_records_total", "Records read from the journal.");
  metrics::Counter redelivered =
      metrics::counter("freshet_load_redelivered_total", "Records dropped because the mirror has them.");
  metrics::Counter leftovers = metrics::counter(
      "freshet_load_leftovers_total", "Records dropped that a dead capture left above its watermark.");
};

const RoundMetrics& round_metrics() {
  static const RoundMetrics metrics;
  return metrics;
}

metrics::Counter rows(const std::string& mirror) {
  return metrics::counter("freshet_load_rows_total", "Rows that ClickHouse confirmed.", {{"table", mirror}});
}

metrics::Counter nulled(const std::string& mirror) {
  return metrics::counter("freshet_load_nulled_total",
                          "Values that became NULL because the contract allows it.", {{"table", mirror}});
}

}  // namespace

void register_counters(const std::vector<std::string>& mirrors) {
  round_metrics();
  for (const std::string& mirror : mirrors) {
    rows(mirror);
    nulled(mirror);
  }
}

void tell(const RoundDone& event) {
  static const auto cut = metrics::gauge("freshet_load_cut_lsn", "LSN of the last recorded cut.");
  const RoundMetrics& told = round_metrics();
  told.rounds.add();
  if (event.repeated) told.repeated.add();
  told.seconds.observe(std::chrono::duration<double>(event.took).count());
  told.records.add(static_cast<double>(event.counts.records));
  told.redelivered.add(static_cast<double>(event.counts.redelivered));
  told.leftovers.add(static_cast<double>(event.counts.leftovers));
  cut.set(static_cast<double>(event.cut.value()));
  log::debug("round_done", {{"round", event.round},
                            {"cut", to_string(event.cut)},
                            {"records", event.counts.records},
                            {"redelivered", event.counts.redelivered},
                            {"leftovers", event.counts.leftovers},
                            {"took_ms", event.took.count()},
                            {"repeated", event.repeated}});
}

void tell(const TableProgress& event) {
  rows(event.mirror).add(static_cast<double>(event.rows));
  nulled(event.mirror).add(static_cast<double>(event.nulled));
  metrics::gauge("freshet_load_waiting_changes", "Changes that wait for their row of a snapshot.",
                 {{"table", event.mirror}})
      .set(static_cast<double>(event.waiting));
  metrics::gauge("freshet_quarantined_changes", "Changes in quarantine.", {{"table", event.mirror}})
      .set(static_cast<double>(event.quarantined));
  metrics::gauge("freshet_unswept_rows",
                 "Rows of a mirror that a reading didn't see, and that wait for a word.",
                 {{"table", event.mirror}})
      .set(static_cast<double>(event.unswept));
}

void tell(const StreamsStanding& event) {
  static const auto standing = metrics::gauge("freshet_load_streams_standing", "Streams that don't run.");
  standing.set(static_cast<double>(event.count));
}

}  // namespace freshet::load
