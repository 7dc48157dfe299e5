#include "load/repair_note.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "base/log.h"

namespace freshet::load {

void write(Session& session, const RepairNote& note) {
  session.execute(
      fmt::format("INSERT INTO freshet.repairs (stream, began, state, missing, extra, `values`, mended) "
                  "SELECT {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC'), '{}', {}, {}, {}, {}",
                  clickhouse::quote_literal(note.stream), note.began, note.ended ? "ended" : "began",
                  note.missing, note.extra, note.values, note.mended));
  log::warn(note.ended ? "repair_ended" : "repair_began", {{"stream", note.stream},
                                                           {"missing", note.missing},
                                                           {"extra", note.extra},
                                                           {"values", note.values},
                                                           {"mended", note.mended}});
}

}  // namespace freshet::load
