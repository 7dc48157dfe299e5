// Verdict: what becomes of a change that breaks its contract. Today its stream stops there, in order, and
// stands until it is resumed. This is the one place where another answer (quarantine of the key) will be
// given.
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
  enum class Action { stop_stream };
  Action action = Action::stop_stream;
  std::string reason;  // what and where; never a value
  std::string hint;
};

// On a stream whose shape is `schema` from `at` on. Nothing: it keeps what is promised.
std::optional<Verdict> judge_shape(const Mirror& mirror, const TableSchema& schema, Version at);
// On a value that its mirror column can't hold exactly.
Verdict judge_value(const Mirror& mirror, const Batch::Record& record, const Refusal& refusal);
// On a value that wasn't sent and that nothing has.
Verdict judge_missing(const Mirror& mirror, Version version);

}  // namespace freshet::load
