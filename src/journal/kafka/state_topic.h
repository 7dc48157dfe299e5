// The compacted topic of what the journal has to remember: who it is, the shapes that tables have had, and
// capture's notes. Read whole at the start, then followed. docs/formats/topics.md, "state".
//
// The newest record of a key stays for ever, older ones may go. So the notes have two keys: what is written
// lies beside what was sealed, and replaces what was sealed before that.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "adapter/kafka/partition.h"
#include "change/schema.h"
#include "journal/kafka/envelope.h"

namespace freshet::journal {

struct KeptNotes {
  std::int64_t at = -1;  // their record's offset
  std::string text;
};

class StateTopic {
 public:
  StateTopic(kafka::Consumer& consumer, std::string topic);

  // Reads what has been written by now. Error{transient} when that takes longer than `patience`.
  void refresh(std::chrono::milliseconds patience);

  const std::optional<std::string>& journal() const { return journal_; }
  // Stays at its address. Nothing where it isn't known, yet.
  const TableSchema* shape(ShapeId id) const;
  const std::array<KeptNotes, 2>& notes() const { return notes_; }
  bool has_notes() const { return notes_[0].at >= 0 || notes_[1].at >= 0; }
  // Those of a watermark; nothing where they are no longer there.
  const KeptNotes* notes_at(std::int64_t offset) const;

 private:
  void learn(const kafka::Record& record);

  kafka::Consumer& consumer_;
  const std::string topic_;
  std::unique_ptr<kafka::Partition> records_;  // once the topic is there
  std::optional<std::string> journal_;
  std::map<ShapeId, std::unique_ptr<const TableSchema>> shapes_;
  std::array<KeptNotes, 2> notes_;
};

// The keys and values of its records.
struct StateRecord {
  std::string key;
  std::string value;
};
StateRecord journal_record(const std::string& journal);
StateRecord shape_record(ShapeId id, const TableSchema& table);
StateRecord notes_record(std::size_t slot, const std::string& text);

}  // namespace freshet::journal
