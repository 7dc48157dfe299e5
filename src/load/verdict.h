// Verdict: on a change that breaks its contract: why, and the way out. The contract says what becomes of it:
// it waits in quarantine, with what comes after it for its key, or (on_violation: halt) its stream stops
// there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/diff.h"
#include "load/batch.h"
#include "load/block.h"
#include "load/mirror.h"

namespace freshet::load {

struct Verdict {
  std::string reason;  // what and where; never a value
  std::string hint;
  bool of_stream = false;  // its shape breaks the contract, not one change
};

// On a stream whose shape is `schema` from `at` on. Nothing: it keeps what is promised.
std::optional<Verdict> judge_shape(const Mirror& mirror, const TableSchema& schema, Version at);
// Of a change that was in quarantine: the contract may have followed the table since. `tells_key`: it
// concerns its key alone.
Verdict judge_older(const Mirror& mirror, Verdict of_shape, bool tells_key);
// On a value that its mirror column can't hold exactly.
Verdict judge_value(const Mirror& mirror, const Batch::Record& record, const Refusal& refusal);
// On a value that wasn't sent and that nothing has.
Verdict judge_missing(const Mirror& mirror, Version version);

}  // namespace freshet::load
