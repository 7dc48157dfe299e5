#include "app/repair_requests.h"

#include <nlohmann/json.hpp>

#include "app/line_control.h"
#include "app/unresolved_keys.h"
#include "base/error.h"

namespace freshet::app {

parity::Repair repair_through(const std::filesystem::path& data) {
  parity::Repair repair;
  repair.note = [data](const parity::RepairNote& note) { ask_load(data, "repair_note", to_json(note)); };
  repair.read_keys = [data](const parity::KeysToRead& keys) {
    ask_capture(data, "read_keys",
                to_json(capture::KeyRequest{keys.schema, keys.table, keys.columns, keys.keys, {}}));
  };
  return repair;
}

std::string to_json(const parity::RepairNote& note) {
  return nlohmann::json{{"stream", note.stream}, {"began", note.began},   {"missing", note.missing},
                        {"extra", note.extra},   {"values", note.values}, {"ended", note.ended},
                        {"mended", note.mended}}
      .dump();
}

load::RepairNote repair_note(const std::string& json) try {
  const nlohmann::json read = nlohmann::json::parse(json);
  return {read.at("stream"), read.at("began"), read.at("missing"), read.at("extra"),
          read.at("values"), read.at("ended"), read.at("mended")};
} catch (const nlohmann::json::exception& error) {
  throw Error(ErrorKind::data, std::string("the record of a repair: ") + error.what());
}

}  // namespace freshet::app
