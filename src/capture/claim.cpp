#include "capture/claim.h"

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/log.h"
#include "base/nonce.h"
#include "capture/identity.h"
#include "capture/signals.h"

namespace freshet::capture {
namespace {

// Whoever has been in a transaction for longest holds up the making of a slot.
std::string oldest_transaction(postgres::Connection& control) {
  const postgres::Result row = control.query(
      "SELECT 'pid ' || pid || ' (' || application_name || ', ' || state || ', since ' || xact_start || ')' "
      "FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() "
      "UNION ALL SELECT 'the prepared transaction ' || quote_literal(gid) || ' since ' || prepared "
      "FROM pg_prepared_xacts LIMIT 1");
  return row.rows() == 0 ? "" : std::string(row.text(0, 0));
}

Lsn make_slot(postgres::Connection& control, postgres::Replication& replication, const std::string& slot,
              std::chrono::milliseconds deadline) {
  try {
    return replication.create_slot(slot, deadline);
  } catch (const postgres::SqlError& error) {
    if (error.kind() != ErrorKind::in_doubt) throw;
    const std::string blocker = oldest_transaction(control);
    if (blocker.empty()) throw;
    throw Error(ErrorKind::transient,
                fmt::format("the replication slot \"{}\" can't be made while {} is open", slot, blocker),
                "end that transaction");
  }
}

Notes intent(JournalPort journal, postgres::Connection& control, const postgres::SystemIdentity& system,
             const std::string& slot) {
  Notes notes;
  notes.system_id = system.system_id;
  notes.timeline = system.timeline;
  notes.database = system.database;
  notes.slot = slot;
  notes.slot_generation = make_nonce();
  notes.consistent_point = insert_lsn(control);
  const Micros before = journal.last() ? journal.last()->committed_at : 0;
  journal.keep(encode(notes));
  journal.seal(Lsn(notes.consistent_point.value() - 1), before);
  return notes;
}

// What has the slot's name here, of another generation, or copied with a volume: what it keeps is of no use.
void drop_old_slot(postgres::Connection& control, const std::string& slot, const std::string& database) {
  const auto found = find_slot(control, slot);
  if (!found) return;
  if (found->active || found->plugin != "pgoutput" || found->database != database)
    throw slot_in_the_way(slot, *found, control.where());
  control.query("SELECT pg_drop_replication_slot($1)", {slot});
  log::warn("capture_slot_dropped", {{"slot", slot}, {"confirmed", to_string(found->confirmed)}});
}

// Killed before the intent is kept: the old position stands, and is given up by the next start.
Notes take_another_source(const Notes& given_up, JournalPort journal, postgres::Connection& control,
                          const postgres::SystemIdentity& system, const std::string& slot) {
  drop_old_slot(control, slot, system.database);
  crash_point("slot_dropped");
  journal.raise_epoch();
  Notes notes = intent(journal, control, system, slot);
  log::warn("capture_takes_another_source", {{"given_up", position_name(given_up.slot_generation)},
                                             {"system_id", system.system_id},
                                             {"timeline", system.timeline},
                                             {"database", system.database},
                                             {"epoch", static_cast<int>(journal.last()->epoch)}});
  return notes;
}

// A slot that is there already is ours: it wasn't when the intent was written.
void finish_slot(Notes& notes, postgres::Connection& control, postgres::Replication& replication,
                 std::chrono::milliseconds deadline) {
  if (const auto found = find_slot(control, notes.slot)) {
    if (found->plugin != "pgoutput" || found->database != notes.database)
      throw foreign_slot(notes.slot, *found, control.where(), notes.database);
    notes.consistent_point = found->confirmed;
  } else {
    notes.consistent_point = make_slot(control, replication, notes.slot, deadline);
  }
  crash_point("slot_made");
  notes.slot_note = SlotNote::made;
  log::info("capture_slot_made",
            {{"slot", notes.slot}, {"consistent_point", to_string(notes.consistent_point)}});
}

}  // namespace

bool has_position(const JournalPort& journal) {
  return decode_notes(journal.kept()).has_value();
}

bool slot_must_be_made(const JournalPort& journal, postgres::Connection& control, const std::string& slot) {
  const auto notes = decode_notes(journal.kept());
  return (!notes || notes->slot_note == SlotNote::making) && !find_slot(control, slot);
}

void require_claimable(const Notes& notes, const std::optional<journal::Watermark>& last,
                       postgres::Connection& control, const postgres::SystemIdentity& system,
                       const std::string& slot) {
  require_our_slot(notes, slot);
  if (notes.slot_note == SlotNote::making) return require_our_system(notes, system);
  require_our_source(notes, {system, find_slot(control, slot), insert_lsn(control)},
                     last ? last->commit_lsn : Lsn());
}

ClaimedPosition claim_position(JournalPort journal, postgres::Connection& control,
                               postgres::Replication& replication, const ClaimOptions& options) {
  const std::string& slot = options.slot;
  const postgres::SystemIdentity system = replication.identify();
  auto notes = decode_notes(journal.kept());
  if (notes && !options.give_up.empty() && position_name(notes->slot_generation) == options.give_up) {
    notes = take_another_source(*notes, journal, control, system, slot);
  } else if (notes) {
    require_claimable(*notes, journal.last(), control, system, slot);
    if (notes->slot_note == SlotNote::made) return {std::move(*notes), false};
  } else {
    if (const auto found = find_slot(control, slot))
      throw foreign_slot(slot, *found, control.where(), system.database);
    notes = intent(journal, control, system, slot);
  }
  finish_slot(*notes, control, replication, options.slot_deadline);
  return {std::move(*notes), true};
}

}  // namespace freshet::capture
