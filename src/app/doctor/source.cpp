#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "adapter/postgres/replication.h"
#include "app/doctor/checks.h"
#include "app/source_wishes.h"
#include "capture/claim.h"
#include "capture/slot.h"
#include "journal/open.h"

namespace freshet::app::doctor {
namespace {

using postgres::Connection;
using postgres::Result;

constexpr const char* kSource = "source";
constexpr std::int64_t kClockSecondsMax = 5;
// Beyond that the source keeps more WAL for a line than a line that runs ever lags.
constexpr std::uint64_t kRetainedMany = 10ull << 30;

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

void tell_rules(const capture::Inspection& seen, Findings& findings) {
  for (const capture::BrokenRule& broken : seen.broken)
    findings.error(broken.rule, broken.stream.empty() ? kSource : broken.stream, broken.error);
  std::string held;
  for (const std::string& rule : seen.held) held += (held.empty() ? "" : ", ") + rule;
  if (!held.empty()) findings.ok("source rules", kSource, held);
}

// Whether there was something to say.
bool check_slot_of_others(const capture::SlotState& slot, const Patient& patient, Connection& source,
                          Findings& findings) {
  const std::string& name = patient.options.project.source.slot;
  const std::string database(source.query("SELECT current_database()").text(0, 0));
  if (slot.plugin != "pgoutput" || slot.database != database)
    findings.error("slot", name,
                   fmt::format("belongs to database {}, plugin {}; the project reads {} with pgoutput",
                               slot.database, slot.plugin, database),
                   "name another slot, source.slot in pipeline.yaml, and accept it as another source: "
                   "docs/runbook/another-source.md");
  else if (slot.active && !patient.capture_runs)
    findings.error("slot", name, "is being read, and nothing runs on this DATA: somebody else's line",
                   fmt::format("SELECT pid, client_addr, application_name FROM pg_stat_replication JOIN "
                               "pg_replication_slots ON active_pid = pid WHERE slot_name = {}; stop that one",
                               postgres::quote_literal(name)));
  else
    return false;
  return true;
}

void check_retained_wal(const capture::SlotState& slot, const std::string& name, Findings& findings) {
  const bool near_loss = slot.safe_wal_size && *slot.safe_wal_size >= 0 &&
                         static_cast<std::uint64_t>(*slot.safe_wal_size) < slot.retained_bytes;
  if (near_loss)
    findings.error(
        "retained WAL", name,
        fmt::format("{} more WAL, and the slot is lost; it is behind by {}",
                    megabytes(static_cast<std::uint64_t>(*slot.safe_wal_size)), megabytes(slot.lag_bytes)),
        "start the line, or raise max_slot_wal_keep_size: docs/runbook/wal-retained.md");
  else if (slot.retained_bytes > kRetainedMany)
    findings.warn("retained WAL", name,
                  fmt::format("the source keeps {} of WAL for it", megabytes(slot.retained_bytes)),
                  "start the line: docs/runbook/wal-retained.md");
  else
    findings.ok("retained WAL", name,
                fmt::format("the source keeps {} for it", megabytes(slot.retained_bytes)));
}

std::optional<journal::LastSealed> last_sealed(const Patient& patient) {
  if (patient.options.kafka) return journal::read_last_sealed(*patient.options.kafka);
  return journal::read_last_sealed(
      journal::EmbeddedOptions{.directory = patient.data.path() / patient.options.project.journal.dir});
}

// What the next start of capture would find before it streams; one that runs has found nothing.
bool is_another_source(Connection& source, const Patient& patient, Findings& findings) {
  if (!patient.has_journal || patient.capture_runs) return false;
  const auto sealed = last_sealed(patient);
  const auto notes = sealed ? capture::decode_notes(sealed->kept) : std::nullopt;
  if (!notes) return false;
  const postgres::SystemIdentity system =
      postgres::Replication({.url = patient.options.source, .purpose = "freshet doctor"}).identify();
  try {
    capture::require_claimable(*notes, sealed->watermark, source, system,
                               patient.options.project.source.slot);
    findings.ok("identity", kSource, "is the one that the journal belongs to");
    return false;
  } catch (const Error& error) {
    if (error.may_pass()) throw;
    findings.error("identity", kSource, error);
    return true;
  }
}

void check_slot(Connection& source, const Patient& patient, Findings& findings) {
  const std::string& name = patient.options.project.source.slot;
  const auto slot = capture::find_slot(source, name);
  if (slot && patient.has_journal && check_slot_of_others(*slot, patient, source, findings)) return;
  if (is_another_source(source, patient, findings)) return;
  if (!slot && patient.has_journal)
    findings.error("slot", name, "is gone: what changed since is lost for this journal",
                   "accept it as another source: docs/runbook/another-source.md");
  if (!slot && !patient.has_journal) findings.ok("slot", name, "isn't there yet: the first start makes it");
  if (!slot || !patient.has_journal) return;  // the rules have looked at one that is in the way
  if (slot->lost) {
    findings.error("slot", name, "lost its WAL: max_slot_wal_keep_size was exceeded, or it was invalidated",
                   "accept it as another source: docs/runbook/another-source.md");
    return;
  }
  check_retained_wal(*slot, name, findings);
}

void check_wal_limit(Connection& source, const Patient&, Findings& findings) {
  const std::string limit(source.query("SHOW max_slot_wal_keep_size").text(0, 0));
  findings.ok("max_slot_wal_keep_size", kSource,
              limit == "-1" ? "max_slot_wal_keep_size is unlimited: while the line is away, the source keeps "
                              "all WAL for it, until its disk is full"
                            : fmt::format("max_slot_wal_keep_size is {}: a line that is away for more WAL "
                                          "than that has to start over",
                                          limit));
}

// Whoever wrote and hasn't ended: a slot can't be made, and no snapshot is complete, before they end.
void check_transactions(Connection& source, const Patient&, Findings& findings) {
  const Result open = source.query(
      "SELECT pid, usename, application_name, state, extract(epoch FROM clock_timestamp() - "
      "xact_start)::bigint FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND xact_start < "
      "clock_timestamp() - interval '10 seconds' ORDER BY xact_start");
  for (int row = 0; row < open.rows(); ++row)
    findings.warn(
        "transactions", fmt::format("pid {}", open.text(row, 0)),
        fmt::format("a transaction of {} ({}, {}) has been open for {} s: until it ends, no slot can "
                    "be made and no snapshot is complete",
                    open.text(row, 1), open.text(row, 2), open.text(row, 3), open.text(row, 4)),
        fmt::format("end it, or SELECT pg_terminate_backend({})", open.text(row, 0)));
  const Result prepared = source.query(
      "SELECT gid, owner, extract(epoch FROM clock_timestamp() - prepared)::bigint FROM pg_prepared_xacts "
      "WHERE database = current_database() ORDER BY prepared");
  for (int row = 0; row < prepared.rows(); ++row)
    findings.warn(
        "transactions", fmt::format("prepared transaction {}", prepared.text(row, 0)),
        fmt::format("of {}, prepared {} s ago: until it ends, no slot can be made and no snapshot is "
                    "complete",
                    prepared.text(row, 1), prepared.text(row, 2)),
        fmt::format("COMMIT PREPARED {0}; or ROLLBACK PREPARED {0}",
                    postgres::quote_literal(prepared.text(row, 0))));
  if (open.rows() + prepared.rows() == 0)
    findings.ok("transactions", kSource, "none is open that would hold a snapshot up");
}

// A commit that waits for a standby is in the WAL, and shows to nobody.
void check_standbys(Connection& source, const Patient&, Findings& findings) {
  const Result row = source.query(
      "SELECT current_setting('synchronous_standby_names'), current_setting('synchronous_commit'), "
      "(SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))");
  if (row.text(0, 0).empty() || row.text(0, 1) == "off" || row.text(0, 1) == "local") return;
  if (row.integer(0, 2) == 0)
    findings.warn("standbys", kSource,
                  fmt::format("synchronous_standby_names is '{}', and no such standby is connected, or this "
                              "role can't see it: commits would hang, and snapshots with them",
                              row.text(0, 0)),
                  "bring the standby back, or ALTER SYSTEM SET synchronous_standby_names = ''; or GRANT "
                  "pg_read_all_stats to the role");
  else
    findings.ok("standbys", kSource, fmt::format("{} synchronous", row.text(0, 2)));
}

void check_clocks(Connection& source, const Patient&, Findings& findings) {
  using namespace std::chrono;
  const std::int64_t theirs =
      source.query("SELECT extract(epoch FROM clock_timestamp())::bigint").integer(0, 0);
  const std::int64_t ours = duration_cast<seconds>(system_clock().wall().time_since_epoch()).count();
  const std::int64_t apart = std::abs(ours - theirs);
  if (apart <= kClockSecondsMax)
    findings.ok("clocks", kSource, "agree with ours");
  else
    findings.warn("clocks", kSource,
                  fmt::format("the clocks of the source and of this machine are {} s apart: every lag is "
                              "told wrong by as much",
                              apart),
                  "let both follow the same NTP servers (timedatectl set-ntp true)");
}

using Check = void (*)(Connection&, const Patient&, Findings&);
struct Named {
  const char* name;
  Check check;
};
constexpr Named kChecks[] = {
    {"slot", check_slot},
    {"max_slot_wal_keep_size", check_wal_limit},
    {"transactions", check_transactions},
    {"standbys", check_standbys},
    {"clocks", check_clocks},
};

void check_connected(Connection& source, const Patient& patient, Findings& findings) {
  const bool first_start = !patient.has_journal;
  capture::SourceWishes wishes =
      source_wishes(source, patient.options.project, patient.options.contracts, first_start);
  wishes.streaming = patient.capture_runs;
  const capture::Inspection seen = capture::inspect_source(source, wishes);
  tell_rules(seen, findings);
  for (const auto& [name, check] : kChecks) {
    try {
      check(source, patient, findings);
    } catch (const Error& error) {
      if (error.may_pass()) throw;
      findings.couldnt_look(name, kSource, error);
    }
  }
  check_tables(patient, source, seen, findings);
}

}  // namespace

void check_source(const Patient& patient, Findings& findings) try {
  Connection source({.url = patient.options.source, .purpose = "freshet doctor"});
  check_connected(source, patient, findings);
} catch (const Error& error) {
  if (error.kind() == ErrorKind::unsupported)
    findings.error("server version", kSource, error);
  else
    findings.couldnt_look("source", kSource, error);
}

}  // namespace freshet::app::doctor
