#include "capture/notes.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

// A line per fact: its name, then values, each as `<bytes>:<value>`, so that a value may hold anything.
//
//   slot 7:freshet
//   snapshot 10:app.orders 24:…

namespace freshet::capture {
namespace {

[[noreturn]] void fail(std::string_view where) {
  throw Error(ErrorKind::data,
              fmt::format("capture's notes in the journal can't be read at '{}'", where.substr(0, 40)));
}

void append(std::string& to, std::string_view name, std::initializer_list<std::string_view> values) {
  to += name;
  for (const std::string_view value : values) to += fmt::format(" {}:{}", value.size(), value);
  to += '\n';
}

std::string_view take_value(std::string_view& from) {
  const std::size_t colon = from.find(':');
  std::size_t size = 0;
  if (!from.starts_with(' ') || colon == std::string_view::npos) fail(from);
  const auto [end, failed] = std::from_chars(from.data() + 1, from.data() + colon, size);
  if (failed != std::errc() || end != from.data() + colon || size > from.size() - colon - 1) fail(from);
  const std::string_view value = from.substr(colon + 1, size);
  from.remove_prefix(colon + 1 + size);
  return value;
}

std::string_view take_name(std::string_view& from) {
  const std::size_t end = from.find_first_of(" \n");
  if (end == std::string_view::npos) fail(from);
  const std::string_view name = from.substr(0, end);
  from.remove_prefix(end);
  return name;
}

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) fail(text);
  return value;
}

void take_fact(Notes& notes, std::string_view& from) {
  const std::string_view name = take_name(from);
  const std::string_view value = take_value(from);
  if (name == "system_id") {
    notes.system_id = value;
  } else if (name == "timeline") {
    notes.timeline = number(value);
  } else if (name == "database") {
    notes.database = value;
  } else if (name == "slot") {
    notes.slot = value;
  } else if (name == "slot_made") {
    notes.slot_note = value == "yes" ? SlotNote::made : SlotNote::making;
  } else if (name == "slot_generation") {
    notes.slot_generation = value;
  } else if (name == "consistent_point") {
    notes.consistent_point = parse_lsn(value);
  } else if (name == "heartbeat") {
    notes.heartbeat = {parse_lsn(value), std::string(take_value(from))};
  } else if (name == "snapshot") {
    notes.snapshots[std::string(value)] = take_value(from);
  } else if (name == "again") {
    notes.again.emplace(value);
  } else if (name == "bound") {
    notes.bindings[std::string(value)] = take_value(from);
  } else {
    fail(name);
  }
  if (!from.starts_with('\n')) fail(from);
  from.remove_prefix(1);
}

}  // namespace

std::string position_name(std::string_view slot_generation) {
  return std::string(slot_generation.substr(0, 8));
}

bool is_position_name(std::string_view text) {
  return text.size() == 8 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string encode(const Notes& notes) {
  std::string to;
  append(to, "system_id", {notes.system_id});
  append(to, "timeline", {std::to_string(notes.timeline)});
  append(to, "database", {notes.database});
  append(to, "slot", {notes.slot});
  append(to, "slot_made", {notes.slot_note == SlotNote::made ? "yes" : "no"});
  append(to, "slot_generation", {notes.slot_generation});
  append(to, "consistent_point", {to_string(notes.consistent_point)});
  if (notes.heartbeat)
    append(to, "heartbeat", {to_string(notes.heartbeat->commit_lsn), notes.heartbeat->nonce});
  for (const auto& [stream, progress] : notes.snapshots) append(to, "snapshot", {stream, progress});
  for (const std::string& stream : notes.again) append(to, "again", {stream});
  for (const auto& [stream, binding] : notes.bindings) append(to, "bound", {stream, binding});
  return to;
}

std::optional<Notes> decode_notes(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Notes notes;
  while (!text.empty()) take_fact(notes, text);
  return notes;
}

}  // namespace freshet::capture
