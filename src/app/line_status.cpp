#include "app/line_status.h"

#include <algorithm>

#include "change/lsn.h"

namespace freshet::app {

namespace {

// Complete only means that all of it is in the journal; a later V is that of a snapshot yet to come.
bool has_its_snapshot(const StreamLine& stream) {
  if (!stream.snapshot || stream.snapshot->periodic) return true;
  if (stream.snapshot->active() || stream.snapshot->v.empty() || stream.snapshot_loaded.empty()) return false;
  return parse_lsn(stream.snapshot_loaded) >= parse_lsn(stream.snapshot->v);
}

}  // namespace

bool is_loaded(const LineStatus& status) {
  if (!status.ready.ready) return false;
  return std::ranges::all_of(status.streams, [](const StreamLine& stream) {
    return !stream.error.empty() || has_its_snapshot(stream);
  });
}

}  // namespace freshet::app
