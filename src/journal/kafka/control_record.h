// The records of the topic of watermarks, as JSON: who writes the journal, and how far it is whole.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "journal/position.h"

namespace freshet::journal {

// A watermark as it was written. Its number is the record's offset, so it doesn't stand in the record.
struct Sealed {
  Watermark watermark;
  // Of all records that the writers of this journal have ever appended, by stream: what lies between two
  // watermarks is the difference.
  std::map<std::string, std::uint64_t> bytes;
  std::int64_t notes_at = -1;  // their record's offset in the topic of state; -1: there are none

  friend bool operator==(const Sealed&, const Sealed&) = default;
};

// A writer has begun its generation: watermarks of lower ones that come after it count for nothing.
struct Opening {
  Generation generation;
  std::string journal;
  std::string claim;           // tells two of one generation apart
  std::optional<Sealed> last;  // the watermark before it
};

using ControlRecord = std::variant<Opening, Sealed>;

std::string encode(const ControlRecord& record);
// `offset`: the record's. Throws Error{data}.
ControlRecord decode_control(std::string_view text, std::int64_t offset);

inline Generation generation_of(const ControlRecord& record) {
  if (const auto* sealed = std::get_if<Sealed>(&record)) return sealed->watermark.generation;
  return std::get<Opening>(record).generation;
}

// As a reader or a writer finds it: a watermark is its own, an opening names the last one.
inline const Sealed* sealed_of(const ControlRecord& record) {
  if (const auto* sealed = std::get_if<Sealed>(&record)) return sealed;
  const auto& last = std::get<Opening>(record).last;
  return last ? &*last : nullptr;
}

}  // namespace freshet::journal
