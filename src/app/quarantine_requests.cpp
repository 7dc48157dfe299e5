#include "app/quarantine_requests.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/describe.h"
#include "app/table_names.h"
#include "base/shell_word.h"
#include "change/text/pg_text.h"
#include "change/tuple.h"
#include "load/quarantined.h"
#include "load/quarantined_keys.h"

namespace freshet::app {
namespace {

using Json = nlohmann::json;
using load::QuarantinedChange;

constexpr std::size_t kListed = 1'000;

std::string_view name_of(Op op) {
  switch (op) {
    case Op::insert: return "insert";
    case Op::update: return "update";
    case Op::remove: return "delete";
    case Op::moved: return "key change";
    case Op::snapshot_row: return "snapshot row";
    case Op::snapshot_gone: return "snapshot, gone";
    case Op::truncate:
    case Op::snapshot_begin:
    case Op::snapshot_end: return "";  // never kept aside
  }
  return "";
}

Json described(const QuarantinedChange& change) {
  return {{"id", change.id},
          {"op", name_of(change.op)},
          {"commit_lsn", to_string(change.version.commit())},
          {"committed_at", iso(WallTime(std::chrono::microseconds(change.committed_at)))},
          {"contract", change.contract},
          {"reason", change.reason},
          {"hint", change.hint}};
}

Json key_of(const QuarantinedChange& change) {
  Json key = Json::array();
  for (const auto& [column, value] : change.key) key.push_back({{"column", column}, {"value", value}});
  return key;
}

// As PostgreSQL prints it; what has no text form, or wasn't sent, says so.
Json value_of(const Field& field, const PgType& type) {
  std::string text;
  switch (field.form) {
    case Form::null: return nullptr;
    case Form::unchanged: return "(not sent: unchanged)";
    case Form::text: return std::string(field.bytes);
    case Form::binary:
      if (pg_text::append_text(text, type, field.bytes)) return text;
      return fmt::format("({} bytes in binary form)", field.bytes.size());
  }
  return nullptr;
}

Json row_of(const TableSchema& schema, std::string_view tuple) {
  Json row = Json::array();
  if (tuple.empty()) return row;
  TupleReader from(tuple);
  for (const Column& column : schema.columns)
    row.push_back({{"column", column.name}, {"value", value_of(from.next(), column.type)}});
  return row;
}

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void QuarantineRequests::add_to(ControlHandlers& handlers) const {
  handlers["quarantine_list"] = [this](const std::string& argument) { return list(argument); };
  handlers["quarantine_show"] = [this](const std::string& argument) { return show(argument); };
  handlers["quarantine_replay"] = [this](const std::string& argument) { return replay(argument); };
  handlers["quarantine_drop"] = [this](const std::string& argument) { return drop(argument); };
  handlers["stream_pause"] = [this](const std::string& argument) { return pause(argument); };
  handlers["stream_resume"] = [this](const std::string& argument) { return resume(argument); };
}

std::string QuarantineRequests::list(const std::string& streams) const {
  clickhouse::Client client(clickhouse());
  Json answer = Json::array();
  for (const std::string& stream : named(streams)) {
    Json changes = Json::array();
    const std::optional<load::Mirror> mirror = mirror_of(stream);
    if (!mirror) continue;
    std::vector<QuarantinedChange> waiting = load::list_quarantined(client, mirror->name(), kListed);
    load::tell_keys(client, *mirror, waiting);
    for (const QuarantinedChange& change : waiting) {
      changes.push_back(described(change));
      changes.back()["key"] = key_of(change);
    }
    if (!changes.empty()) answer.push_back({{"stream", stream}, {"changes", changes}});
  }
  return text(answer);
}

std::string QuarantineRequests::show(const std::string& change) const {
  const Json asked = Json::parse(change);
  const std::string stream = resolve_streams(*contracts_.now(), {asked.at("stream")}).front();
  clickhouse::Client client(clickhouse());
  const std::optional<load::Mirror> mirror = mirror_of(stream);
  const auto found = mirror ? load::find_quarantined(client, mirror->name(), asked.at("id")) : std::nullopt;
  if (!found)
    throw Error(ErrorKind::config, stream + " has no such change in quarantine",
                "freshet quarantine list " + shell_word(stream) + " has their names");
  Json answer = described(*found);
  answer["stream"] = stream;
  answer["old"] = row_of(found->schema, found->old);
  answer["row"] = row_of(found->schema, found->row);
  return text(answer);
}

std::string QuarantineRequests::replay(const std::string& streams) const {
  const std::vector<std::string> names = names_from_json(streams);
  Json answer = Json::array();
  for (const load::Replayed& replayed : load_.replay(resolve_streams(*contracts_.now(), names)))
    answer.push_back({{"stream", replayed.stream},
                      {"left", replayed.left},
                      {"reason", replayed.reason},
                      {"hint", replayed.hint}});
  return text(answer);
}

std::string QuarantineRequests::drop(const std::string& request) const {
  const Json asked = Json::parse(request);
  const std::string stream = resolve_streams(*contracts_.now(), {asked.at("stream")}).front();
  const std::uint64_t dropped = load_.drop(stream, {asked.at("ids"), asked.at("because")});
  return text({{"stream", stream}, {"dropped", dropped}});
}

std::string QuarantineRequests::pause(const std::string& streams) const {
  const std::vector<std::string> names = named(streams);
  for (const std::string& stream : names) load_.pause(stream);
  return to_json(names);
}

std::string QuarantineRequests::resume(const std::string& streams) const {
  const std::vector<std::string> names = named(streams);
  for (const std::string& stream : names) load_.resume(stream);
  return to_json(names);
}

// None: all.
std::vector<std::string> QuarantineRequests::named(const std::string& streams) const {
  const auto contracts = contracts_.now();
  std::vector<std::string> names = names_from_json(streams);
  if (!names.empty()) return resolve_streams(*contracts, names);
  for (const contract::StreamContract& contract : *contracts)
    names.push_back(contract::to_string(contract.source));
  return names;
}

std::optional<load::Mirror> QuarantineRequests::mirror_of(const std::string& stream) const {
  const auto contracts = contracts_.now();
  for (const contract::StreamContract& contract : *contracts)
    if (contract::to_string(contract.source) == stream) return load::make_mirror(contract);
  return std::nullopt;
}

clickhouse::Endpoint QuarantineRequests::clickhouse() const {
  if (auto endpoint = locate_()) return *endpoint;
  throw Error(ErrorKind::transient, "ClickHouse isn't up yet", "freshet status says why");
}

}  // namespace freshet::app
