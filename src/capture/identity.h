// Is this the source that our position belongs to? A position in another history (a slot dropped and made
// again, a restored volume or dump, another database behind the address) is refused: going on would lose
// changes without anybody noticing. Nothing is confirmed before all of it was checked.
#pragma once

#include "adapter/postgres/replication.h"
#include "base/error.h"
#include "capture/notes.h"
#include "capture/slot.h"

namespace freshet::capture {

struct SourcePosition {
  postgres::SystemIdentity system;
  std::optional<SlotState> slot;
  Lsn insert;  // where the server writes next
};

// Before streaming. `durable`: the last watermark. Throws Error{identity}.
void require_our_source(const Notes& notes, const SourcePosition& found, Lsn durable);

// The slot that the project names is that of the journal's position. Throws Error{config}.
void require_our_slot(const Notes& notes, const std::string& named);

// The part of it that needs no slot.
void require_our_system(const Notes& notes, const postgres::SystemIdentity& system);

// While streaming: the transaction at `found` came where the heartbeat should have.
Error another_history(std::string_view slot_generation, const HeartbeatNote& expected, Lsn found);

// While streaming: PostgreSQL looks up the publication as of each change (before version 18), and it wasn't
// there at one of them. The slot never passes that.
Error without_publication(std::string_view slot_generation, const std::string& publication);

}  // namespace freshet::capture
