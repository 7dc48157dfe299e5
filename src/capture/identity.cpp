#include "capture/identity.h"

#include <fmt/format.h>

namespace freshet::capture {
namespace {

Error refused(std::string_view slot_generation, std::string what) {
  return Error(ErrorKind::identity, std::move(what) + "; nothing was confirmed",
               fmt::format("mend the address, or bring back what was there; if this source is the right one, "
                           "stop Freshet and start it with --accept-source {}: it reads every table again "
                           "(docs/runbook/another-source.md)",
                           position_name(slot_generation)));
}

Error refused(const Notes& notes, std::string what) {
  return refused(notes.slot_generation, std::move(what));
}

void require_slot(const Notes& notes, const std::optional<SlotState>& slot) {
  if (!slot) {
    throw refused(
        notes, fmt::format("the replication slot \"{}\" is gone: what changed since is lost for this journal",
                           notes.slot));
  }
  if (slot->lost) {
    throw refused(
        notes,
        fmt::format("the replication slot \"{}\" lost its WAL (max_slot_wal_keep_size was exceeded, or "
                    "it was invalidated)",
                    notes.slot));
  }
  const Lsn ours = notes.heartbeat ? notes.heartbeat->commit_lsn : notes.consistent_point;
  if (slot->confirmed > ours) {
    throw refused(
        notes,
        fmt::format(
            "the replication slot \"{}\" stands at {}, we never confirmed beyond {}: it was made again, or "
            "somebody else reads it",
            notes.slot, to_string(slot->confirmed), to_string(ours)));
  }
}

}  // namespace

void require_our_slot(const Notes& notes, const std::string& named) {
  if (notes.slot == named) return;
  throw Error(ErrorKind::config,
              fmt::format("the journal's position belongs to the slot \"{}\", the project names \"{}\"",
                          notes.slot, named),
              "name that slot, or start with a new journal");
}

void require_our_system(const Notes& notes, const postgres::SystemIdentity& system) {
  if (system.system_id != notes.system_id) {
    throw refused(notes,
                  fmt::format("the source is another cluster: system identifier {}, the journal's position "
                              "belongs to {}",
                              system.system_id, notes.system_id));
  }
  if (system.database != notes.database) {
    throw refused(notes,
                  fmt::format("the source is database \"{}\", the journal's position belongs to \"{}\"",
                              system.database, notes.database));
  }
  if (system.timeline != notes.timeline) {
    throw refused(
        notes, fmt::format("the source is on timeline {}, the journal's position belongs to timeline {}: it "
                           "was promoted or restored",
                           system.timeline, notes.timeline));
  }
}

void require_our_source(const Notes& notes, const SourcePosition& found, Lsn durable) {
  require_our_system(notes, found.system);
  require_slot(notes, found.slot);
  if (found.insert < durable) {
    throw refused(
        notes, fmt::format("the source writes at {}, the journal already holds what committed up to {}: an "
                           "older state was restored",
                           to_string(found.insert), to_string(durable)));
  }
}

Error another_history(std::string_view slot_generation, const HeartbeatNote& expected, Lsn found) {
  return refused(slot_generation,
                 fmt::format("the source's WAL isn't the one we left: our heartbeat at {} should have come "
                             "first, the stream is at {} without it",
                             to_string(expected.commit_lsn), to_string(found)));
}

Error without_publication(std::string_view slot_generation, const std::string& publication) {
  return refused(slot_generation,
                 fmt::format("the publication \"{}\" was dropped, and something was committed before it was "
                             "made again: PostgreSQL can't decode that",
                             publication));
}

}  // namespace freshet::capture
