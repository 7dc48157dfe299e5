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

struct ClaimOptions {
  std::string slot;
  std::chrono::milliseconds slot_deadline{60'000};  // for making it
  // The name of a position that may be given up: where it is the journal's, this source takes its place with
  // a slot made now and a raised epoch, and every stream is read again. Any other name does nothing, so that
  // one left behind from an earlier start accepts no other source.
  std::string give_up;
};

// Journal thread, before anything is streamed. `control` is a normal connection to the same server. Throws
// Error{identity} where going on would lose changes, Error{transient} while old transactions hold the slot's
// making up. The notes of a new slot aren't kept yet.
ClaimedPosition claim_position(JournalPort journal, postgres::Connection& control,
                               postgres::Replication& replication, const ClaimOptions& options);

// Whether it would go on from there: the part of it that only reads, while nobody else streams. `last`: the
// journal's newest watermark.
void require_claimable(const Notes& notes, const std::optional<journal::Watermark>& last,
                       postgres::Connection& control, const postgres::SystemIdentity& system,
                       const std::string& slot);

// The journal says where capture stands, or that it was about to begin.
bool has_position(const JournalPort& journal);

// Whether claim_position() will make the slot, and so needs a free one.
bool slot_must_be_made(const JournalPort& journal, postgres::Connection& control, const std::string& slot);

}  // namespace freshet::capture
