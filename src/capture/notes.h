// What capture remembers in the journal besides changes: whose position this is, the heartbeat that proves
// it, and how far each snapshot got, what each stream is bound to. Durable with the watermark that it was
// kept before, so the two never disagree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "change/lsn.h"

namespace freshet::capture {

// The slot is being made (a kill may have come between that and the note), or it is ours.
enum class SlotNote { making, made };

struct HeartbeatNote {
  Lsn commit_lsn;  // of its transaction: what commits from here on comes again after a restart
  std::string nonce;

  friend bool operator==(const HeartbeatNote&, const HeartbeatNote&) = default;
};

struct Notes {
  std::string system_id;
  std::uint32_t timeline = 0;
  std::string database;
  std::string slot;
  SlotNote slot_note = SlotNote::making;
  std::string slot_generation;  // a nonce: each slot that we make has its own
  Lsn consistent_point;         // of the slot
  std::optional<HeartbeatNote> heartbeat;
  std::map<std::string, std::string> snapshots;  // progress by stream that is wanted
  std::set<std::string> again;  // streams that are to be read from their beginning, whatever progress says
  // What each stream is bound to (binding.h): its mirror comes from a reading that began, and changes that
  // were streamed, while its table was like that.
  std::map<std::string, std::string> bindings;

  friend bool operator==(const Notes&, const Notes&) = default;
};

// What people call the position of that slot generation, to say that it may be given up. No other one has it.
std::string position_name(std::string_view slot_generation);
// Eight digits, hexadecimal.
bool is_position_name(std::string_view text);

std::string encode(const Notes& notes);
// Nothing in an empty text: the journal is new. Throws Error{data}.
std::optional<Notes> decode_notes(std::string_view text);

}  // namespace freshet::capture
