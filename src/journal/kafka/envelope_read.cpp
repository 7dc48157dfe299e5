#include <fmt/format.h>

#include <charconv>

#include "journal/kafka/envelope.h"
#include "journal/kafka/envelope_ops.h"
#include "journal/kafka/json_read.h"

namespace freshet::journal {
namespace {

using simdjson::dom::element;

[[noreturn]] void refuse(std::string_view why) {
  throw Error(ErrorKind::data, fmt::format("a record of a topic {}", why));
}

std::uint64_t number_in(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number, base);
  if (failed != std::errc() || stop != end) refuse("has a position that is none");
  return number;
}

template <class Narrow>
Narrow narrow(std::uint64_t number) {
  if (number > std::numeric_limits<Narrow>::max()) refuse("has a number that is out of range");
  return static_cast<Narrow>(number);
}

// ["commit","change"]
Lsn commit_of(std::string_view sequence) {
  constexpr std::string_view kOpen = "[\"";
  const std::size_t end = sequence.find("\",");
  if (!sequence.starts_with(kOpen) || end == std::string_view::npos)
    refuse("has no sequence of two positions");
  const Lsn commit(number_in(sequence.substr(kOpen.size(), end - kOpen.size()), 10));
  if (commit > kCommitLsnMax) refuse("has a commit LSN that is out of range");
  return commit;
}

ShapeId read_own(element from, Change& change) {
  const OpForm* form = form_named(from["op"].get_string());
  if (form == nullptr) refuse("has an unknown kind of change");
  change.op = form->op;
  change.flags = narrow<std::uint8_t>(from["flags"].get_uint64());
  change.epoch = narrow<Epoch>(from["epoch"].get_uint64());
  change.generation = Generation(from["generation"].get_uint64());
  return number_in(from["shape"].get_string(), 16);
}

void read_source(element from, Change& change) {
  change.xid = narrow<std::uint32_t>(from["txId"].get_uint64());
  change.change_lsn = Lsn(from["lsn"].get_uint64());
  change.commit_lsn = commit_of(from["sequence"].get_string());
  change.committed_at = from["ts_us"].get_int64();
}

// Members come in the order of the columns.
void read_row(std::string& tuple, const TableSchema& table, element from) {
  tuple.clear();
  if (from.is_null()) return;
  std::size_t at = 0;
  for (const auto& [name, value] : from.get_object()) {
    if (at == table.columns.size() || table.columns[at].name != name)
      refuse(fmt::format("has a member \"{}\" that isn't the next column of {}", name, stream_name(table)));
    append_field_of(tuple, table.columns[at].type, value);
    ++at;
  }
  if (at != table.columns.size()) refuse(fmt::format("lacks columns of {}", stream_name(table)));
}

}  // namespace

struct EnvelopeReader::Parser {
  simdjson::dom::parser parser;
  std::string padded;
};

EnvelopeReader::EnvelopeReader(FindShape find)
    : find_(std::move(find)), parser_(std::make_unique<Parser>()) {}
EnvelopeReader::~EnvelopeReader() = default;

Change EnvelopeReader::read(std::string_view value) {
  try {
    std::string& padded = parser_->padded;
    padded.assign(value);
    padded.append(simdjson::SIMDJSON_PADDING, '\0');
    constexpr bool kCopy = false;  // it is padded
    const element record = parser_->parser.parse(padded.data(), value.size(), kCopy);

    Change change;
    const ShapeId shape = read_own(record["freshet"], change);
    change.schema = find_(shape);
    if (change.schema == nullptr)
      refuse(fmt::format("has the shape {:016x}, which nobody has announced", shape));
    read_source(record["source"], change);
    read_row(old_, *change.schema, record["before"]);
    read_row(row_, *change.schema, record["after"]);
    change.old = old_;
    change.row = row_;
    return change;
  } catch (const simdjson::simdjson_error& error) {
    refuse(fmt::format("isn't the JSON that was written to it: {}", error.what()));
  }
}

}  // namespace freshet::journal
