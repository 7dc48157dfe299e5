#include "journal/kafka/control_record.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace freshet::journal {
namespace {

using Json = nlohmann::json;

// A whole number that T holds. Json's own get() would take a fraction as well, and wrap what is too large.
template <class T>
T whole(const Json& json) {
  if (json.is_number_unsigned()) {
    if (const auto number = json.get<std::uint64_t>(); std::in_range<T>(number)) return T(number);
  } else if (json.is_number_integer()) {
    if (const auto number = json.get<std::int64_t>(); std::in_range<T>(number)) return T(number);
  }
  throw Error(ErrorKind::data, fmt::format("{} isn't a whole number that is in range", json.dump()));
}

Json to_json(const Sealed& sealed) {
  const Watermark& mark = sealed.watermark;
  Json ends = Json::object();
  for (const auto& [partition, end] : mark.ends) {
    Json& of_stream = ends[partition.stream];
    while (of_stream.size() <= static_cast<std::size_t>(partition.number)) of_stream.push_back(0);
    of_stream[static_cast<std::size_t>(partition.number)] = end.value();
  }
  return {{"journal", mark.journal},
          {"generation", mark.generation.value()},
          {"epoch", mark.epoch},
          {"commit_lsn", to_string(mark.commit_lsn)},
          {"committed_at", mark.committed_at},
          {"ends", ends},
          {"bytes", sealed.bytes},
          {"notes_at", sealed.notes_at}};
}

Sealed sealed_from(const Json& json, std::uint64_t number) {
  Sealed sealed;
  Watermark& mark = sealed.watermark;
  mark.journal = json.at("journal").get<std::string>();
  mark.generation = Generation(whole<std::uint64_t>(json.at("generation")));
  mark.number = number;
  mark.epoch = whole<Epoch>(json.at("epoch"));
  mark.commit_lsn = parse_lsn(json.at("commit_lsn").get<std::string>());
  mark.committed_at = whole<Micros>(json.at("committed_at"));
  for (const auto& [stream, ends] : json.at("ends").items())
    for (std::size_t i = 0; i < ends.size(); ++i)
      mark.ends[{stream, static_cast<std::int32_t>(i)}] = Offset(whole<std::uint64_t>(ends[i]));
  for (const auto& [stream, bytes] : json.at("bytes").items())
    sealed.bytes[stream] = whole<std::uint64_t>(bytes);
  sealed.notes_at = whole<std::int64_t>(json.at("notes_at"));
  return sealed;
}

Json to_json(const Opening& opening) {
  Json json = {{"generation", opening.generation.value()},
               {"journal", opening.journal},
               {"claim", opening.claim},
               {"last", nullptr}};
  if (opening.last) {
    json["last"] = to_json(*opening.last);
    json["last"]["number"] = opening.last->watermark.number;
  }
  return json;
}

Opening opening_from(const Json& json) {
  Opening opening{.generation = Generation(whole<std::uint64_t>(json.at("generation"))),
                  .journal = json.at("journal").get<std::string>(),
                  .claim = json.at("claim").get<std::string>(),
                  .last = {}};
  if (const Json& last = json.at("last"); !last.is_null())
    opening.last = sealed_from(last, whole<std::uint64_t>(last.at("number")));
  return opening;
}

[[noreturn]] void refuse(std::int64_t offset, std::string_view why) {
  throw Error(ErrorKind::data,
              fmt::format("record {} of the journal's topic of watermarks is none of ours: {}", offset, why));
}

}  // namespace

std::string encode(const ControlRecord& record) {
  if (const auto* sealed = std::get_if<Sealed>(&record)) return Json{{"watermark", to_json(*sealed)}}.dump();
  return Json{{"opening", to_json(std::get<Opening>(record))}}.dump();
}

ControlRecord decode_control(std::string_view text, std::int64_t offset) {
  try {
    const Json json = Json::parse(text);
    if (const auto mark = json.find("watermark"); mark != json.end())
      return sealed_from(*mark, static_cast<std::uint64_t>(offset));
    return opening_from(json.at("opening"));
  } catch (const Json::exception& error) {
    refuse(offset, error.what());
  } catch (const Error& error) {
    refuse(offset, error.message());
  }
}

}  // namespace freshet::journal
