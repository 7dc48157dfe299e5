#include "journal/kafka/state_topic.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/clock.h"
#include "base/error.h"

namespace freshet::journal {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kJournal = "journal";
constexpr std::string_view kShape = "shape/";
constexpr std::string_view kNotes = "notes/";
constexpr std::chrono::milliseconds kPoll{50};

[[noreturn]] void refuse(std::string_view key) {
  throw Error(ErrorKind::data,
              fmt::format("the record \"{}\" of the journal's topic of state is none of ours", key));
}

std::unique_ptr<const TableSchema> read_shape(std::string_view key, std::string_view value) {
  std::string bytes;
  if (!append_from_base64(bytes, Json::parse(value).at("bytes").get<std::string>())) refuse(key);
  return std::make_unique<const TableSchema>(decode_schema(bytes));
}

}  // namespace

StateRecord journal_record(const std::string& journal) {
  return {std::string(kJournal), Json{{"journal", journal}, {"format", 1}}.dump()};
}

StateRecord shape_record(ShapeId id, const TableSchema& table) {
  Json columns = Json::object();
  for (const Column& column : table.columns) columns[column.name] = column.type.name;
  std::string bytes;
  append_base64(bytes, encode_schema(table));
  return {
      fmt::format("{}{:016x}", kShape, id),
      Json{{"schema", table.schema}, {"table", table.table}, {"columns", columns}, {"bytes", bytes}}.dump()};
}

StateRecord notes_record(std::size_t slot, const std::string& text) {
  return {fmt::format("{}{}", kNotes, slot), text};
}

StateTopic::StateTopic(kafka::Consumer& consumer, std::string topic)
    : consumer_(consumer), topic_(std::move(topic)) {}

void StateTopic::refresh(std::chrono::milliseconds patience) {
  if (!records_) {
    if (consumer_.partitions(topic_) == 0) return;
    records_ = std::make_unique<kafka::Partition>(consumer_, topic_, 0, consumer_.extent(topic_, 0).low);
  }
  const std::int64_t end = consumer_.extent(topic_, 0).high;
  const Deadline deadline(system_clock(), patience);
  // Compaction leaves holes, but the last record stays.
  while (records_->position() < end) {
    if (const auto record = records_->next(kPoll)) learn(*record);
    if (deadline.passed())
      throw Error(ErrorKind::transient,
                  fmt::format("Kafka: {} isn't read to its end within {} ms", topic_, patience.count()));
  }
}

void StateTopic::learn(const kafka::Record& record) {
  if (record.tombstone) return;
  const std::string_view key = record.key;
  try {
    if (key == kJournal) {
      journal_ = Json::parse(record.value).at("journal").get<std::string>();
    } else if (key.starts_with(kShape)) {
      auto shape = read_shape(key, record.value);
      const ShapeId id = shape_id(*shape);
      shapes_.try_emplace(id, std::move(shape));
    } else if (key == "notes/0" || key == "notes/1") {
      notes_[key.back() == '1' ? 1 : 0] = {record.offset, std::string(record.value)};
    } else {
      refuse(key);
    }
  } catch (const Json::exception&) {
    refuse(key);
  }
}

const KeptNotes* StateTopic::notes_at(std::int64_t offset) const {
  const auto found = std::ranges::find(notes_, offset, &KeptNotes::at);
  return found == notes_.end() ? nullptr : &*found;
}

const TableSchema* StateTopic::shape(ShapeId id) const {
  const auto found = shapes_.find(id);
  return found == shapes_.end() ? nullptr : found->second.get();
}

}  // namespace freshet::journal
