#include "load/events.h"

#include "base/log.h"
#include "base/metrics.h"

namespace freshet::load {

void tell(const RoundDone& event) {
  static const auto rounds = metrics::counter("freshet_load_rounds_total", "Rounds whose cut was recorded.");
  static const auto repeated =
      metrics::counter("freshet_load_rounds_repeated_total", "Rounds that an earlier process had begun.");
  static const auto seconds =
      metrics::histogram("freshet_load_round_seconds", "From a round's intent to its recorded cut.");
  static const auto records =
      metrics::counter("freshet_load_records_total", "Records read from the journal.");
  static const auto redelivered =
      metrics::counter("freshet_load_redelivered_total", "Records dropped because the mirror has them.");
  static const auto leftovers = metrics::counter(
      "freshet_load_leftovers_total", "Records dropped that a dead capture left above its watermark.");
  static const auto cut = metrics::gauge("freshet_load_cut_lsn", "LSN of the last recorded cut.");
  rounds.add();
  if (event.repeated) repeated.add();
  seconds.observe(std::chrono::duration<double>(event.took).count());
  records.add(static_cast<double>(event.counts.records));
  redelivered.add(static_cast<double>(event.counts.redelivered));
  leftovers.add(static_cast<double>(event.counts.leftovers));
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
  const metrics::Labels table{{"table", event.mirror}};
  metrics::counter("freshet_load_rows_total", "Rows that ClickHouse confirmed.", table)
      .add(static_cast<double>(event.rows));
  metrics::counter("freshet_load_nulled_total", "Values that became NULL because the contract allows it.",
                   table)
      .add(static_cast<double>(event.nulled));
  metrics::gauge("freshet_load_waiting_changes", "Changes that wait for their row of a snapshot.", table)
      .set(static_cast<double>(event.waiting));
}

void tell(const StreamsStanding& event) {
  static const auto standing = metrics::gauge("freshet_load_streams_standing", "Streams that don't run.");
  standing.set(static_cast<double>(event.count));
}

}  // namespace freshet::load
