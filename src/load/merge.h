// Merge: reads several partitions of one stream in the order of their versions, so that what a change needs
// of another key comes before it. Each partition is read ahead by a small window. Load's thread.
#pragma once

#include <string>

#include "journal/journal.h"

namespace freshet::load {

// Visits every record of the stream's partitions from `from` up to, without, `to`. `fate` drops a record
// (false) when it is read, in the order of its partition.
void read_merged(journal::Reader& reader, const journal::Ends& from, const journal::Ends& to,
                 const std::function<bool(const Change&, const journal::Partition&)>& fate,
                 const std::function<void(const Change&)>& visit);

}  // namespace freshet::load
