#include "capture/claim.h"

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/log.h"
#include "base/nonce.h"
#include "capture/identity.h"
#include "capture/signals.h"

namespace freshet::capture {
namespace {

Error foreign_slot(const std::string& slot, const std::string& where) {
  return Error(
      ErrorKind::identity,
      fmt::format("there is a replication slot \"{}\" at {}, and this journal is new: it doesn't belong "
                  "together; nothing was confirmed",
                  slot, where),
      fmt::format("use the journal that goes with it; or, if nobody needs the slot, SELECT "
                  "pg_drop_replication_slot('{}'); or name another slot",
                  slot));
}

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
  journal.keep(encode(notes));
  journal.seal(Lsn(notes.consistent_point.value() - 1), 0);
  return notes;
}

// A slot that is there already is ours: it wasn't when the intent was written.
void finish_slot(Notes& notes, postgres::Connection& control, postgres::Replication& replication,
                 std::chrono::milliseconds deadline) {
  if (const auto found = find_slot(control, notes.slot)) {
    if (found->plugin != "pgoutput" || found->database != notes.database)
      throw foreign_slot(notes.slot, control.where());
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

bool slot_must_be_made(const JournalPort& journal, postgres::Connection& control, const std::string& slot) {
  const auto notes = decode_notes(journal.kept());
  return (!notes || notes->slot_note == SlotNote::making) && !find_slot(control, slot);
}

ClaimedPosition claim_position(JournalPort journal, postgres::Connection& control,
                               postgres::Replication& replication, const std::string& slot,
                               std::chrono::milliseconds slot_deadline) {
  const postgres::SystemIdentity system = replication.identify();
  auto notes = decode_notes(journal.kept());
  if (notes && notes->slot != slot) {
    throw Error(ErrorKind::config,
                fmt::format("the journal's position belongs to the slot \"{}\", the project names \"{}\"",
                            notes->slot, slot),
                "name that slot, or start with a new journal");
  }
  if (notes && notes->slot_note == SlotNote::made) {
    require_our_source(*notes, {system, find_slot(control, slot), insert_lsn(control)},
                       journal.last() ? journal.last()->commit_lsn : Lsn());
    return {std::move(*notes), false};
  }
  if (notes) {
    require_our_system(*notes, system);
  } else {
    if (find_slot(control, slot)) throw foreign_slot(slot, control.where());
    notes = intent(journal, control, system, slot);
  }
  finish_slot(*notes, control, replication, slot_deadline);
  return {std::move(*notes), true};
}

}  // namespace freshet::capture
