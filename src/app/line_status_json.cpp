#include "app/line_status_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace freshet::app {

using Json = nlohmann::ordered_json;

namespace {

// One list of fields per struct serves both directions.
template <class Visit>
void fields(StageLine& line, Visit&& visit) {
  visit("name", line.name), visit("state", line.state), visit("seconds", line.seconds);
  visit("restarts", line.restarts), visit("error", line.error), visit("hint", line.hint);
}

template <class Visit>
void fields(SnapshotLine& line, Visit&& visit) {
  visit("state", line.state), visit("periodic", line.periodic), visit("v", line.v), visit("rows", line.rows),
      visit("rows_estimate", line.rows_estimate);
  visit("share", line.share), visit("rows_per_second", line.rows_per_second);
  visit("seconds_left", line.seconds_left), visit("note", line.note);
}

template <class Visit>
void fields(StreamLine& line, Visit&& visit) {
  visit("name", line.name), visit("mirror", line.mirror), visit("state", line.state);
  visit("snapshot", line.snapshot), visit("snapshot_loaded", line.snapshot_loaded), visit("rows", line.rows);
  visit("rows_per_second", line.rows_per_second), visit("bytes", line.bytes);
  visit("bytes_per_second", line.bytes_per_second), visit("cut_age_seconds", line.cut_age_seconds);
  visit("lag_seconds", line.lag_seconds), visit("lag_bytes", line.lag_bytes);
  visit("error", line.error), visit("hint", line.hint);
}

template <class Visit>
void fields(TotalLine& line, Visit&& visit) {
  visit("rows", line.rows), visit("rows_per_second", line.rows_per_second);
  visit("bytes_per_second", line.bytes_per_second), visit("lag_seconds", line.lag_seconds);
  visit("lag_bytes", line.lag_bytes);
}

template <class Visit>
void fields(SourceLine& line, Visit&& visit) {
  visit("receives", line.receives), visit("received", line.received), visit("journalled", line.journalled);
  visit("retained_bytes", line.retained_bytes), visit("bytes_until_loss", line.bytes_until_loss);
}

template <class Visit>
void fields(JournalLine& line, Visit&& visit) {
  visit("kafka", line.kafka), visit("bytes", line.bytes), visit("limit", line.limit);
}

template <class Visit>
void fields(CutLine& line, Visit&& visit) {
  visit("lsn", line.lsn), visit("committed_at", line.committed_at), visit("age_seconds", line.age_seconds);
  visit("round", line.round);
}

template <class Visit>
void fields(EndpointLine& line, Visit&& visit) {
  visit("postgres", line.postgres), visit("clickhouse", line.clickhouse), visit("http", line.http);
}

template <class Visit>
void fields(ReadyLine& line, Visit&& visit) {
  visit("ready", line.ready), visit("reason", line.reason), visit("canary_seconds", line.canary_seconds);
}

template <class Visit>
void fields(LineStatus& status, Visit&& visit) {
  visit("project", status.project), visit("version", status.version);
  visit("uptime_seconds", status.uptime_seconds), visit("ready", status.ready);
  visit("stages", status.stages), visit("streams", status.streams), visit("total", status.total);
  visit("source", status.source);
  visit("journal", status.journal), visit("cut", status.cut), visit("endpoints", status.endpoints);
}

struct Write {
  template <class T>
  static Json json(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else {
      Json object = Json::object();
      fields(const_cast<T&>(value), [&](const char* name, const auto& field) { object[name] = json(field); });
      return object;
    }
  }
  template <class T>
  static Json json(const std::optional<T>& value) {
    return value ? json(*value) : Json(nullptr);
  }
  template <class T>
  static Json json(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(json(value));
    return array;
  }
};

struct Read {
  template <class T>
  static void into(const Json& json, T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      value = json.get<T>();
    } else {
      fields(value, [&](const char* name, auto& field) {
        if (json.contains(name) && !json[name].is_null()) into(json[name], field);
      });
    }
  }
  template <class T>
  static void into(const Json& json, std::optional<T>& value) {
    into(json, value.emplace());
  }
  template <class T>
  static void into(const Json& json, std::vector<T>& values) {
    for (const Json& item : json) into(item, values.emplace_back());
  }
};

// What isn't UTF-8 (a name in another encoding) must not break the whole answer.
std::string dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const LineStatus& status) {
  return dump(Write::json(status));
}

std::string to_json(const EndpointLine& endpoints) {
  return dump(Write::json(endpoints), 2) + "\n";
}

LineStatus line_status_from_json(std::string_view json) {
  try {
    LineStatus status;
    Read::into(Json::parse(json), status);
    return status;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::data, std::string("the status isn't readable: ") + error.what());
  }
}

}  // namespace freshet::app
