// Which position capture goes on from: the one in the journal's notes, if this is the source that it belongs
// to, else, with a new journal, that of a slot made now.
#pragma once

#include <chrono>

#include "adapter/postgres/replication.h"
#include "capture/journal_port.h"
#include "capture/notes.h"

namespace freshet::capture {

struct ClaimedPosition {
  Notes notes;
  bool slot_is_new = false;  // its consistent point is where first snapshots are taken
};

// Journal thread, before anything is streamed. `control` is a normal connection to the same server. Throws
// Error{identity} where going on would lose changes, Error{transient} while old transactions hold the slot's
// making up. The notes of a new slot aren't kept yet.
ClaimedPosition claim_position(JournalPort journal, postgres::Connection& control,
                               postgres::Replication& replication, const std::string& slot,
                               std::chrono::milliseconds slot_deadline);

// Whether claim_position() will make the slot, and so needs a free one.
bool slot_must_be_made(const JournalPort& journal, postgres::Connection& control, const std::string& slot);

}  // namespace freshet::capture
