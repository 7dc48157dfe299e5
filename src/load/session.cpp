#include "load/session.h"

#include <fmt/format.h>

#include "base/log.h"

namespace freshet::load {
namespace {

// A full disk or exhausted memory at ClickHouse passes, too, once somebody has made room.
bool worth_repeating(const Error& error) {
  return error.may_pass() || error.kind() == ErrorKind::capacity;
}

}  // namespace

template <class Call>
auto Session::repeat(const clickhouse::With& with, const Call& call) {
  for (std::chrono::milliseconds pause = context_.retry_first;;
       pause = std::min(pause * 2, context_.retry_last)) {
    try {
      auto result = call(limited(with));
      context_.board.clickhouse_answers();
      return result;
    } catch (const Error& error) {
      if (!worth_repeating(error)) throw;
      log::warn("clickhouse_statement_repeated", {{"error", error.what()}, {"pause_ms", pause.count()}});
      context_.board.clickhouse_away(error);
    }
    if (!context_.clock.sleep(pause, stop_))
      throw Error(ErrorKind::cancelled, "stopped while ClickHouse was away");
  }
}

// Both sides end within the lead's time: ours by the timeout, the server's by its own limit.
clickhouse::With Session::limited(const clickhouse::With& with) {
  clickhouse::With limited = with;
  limited.timeout = context_.lead.time_for_statement(client_);
  limited.stop = stop_;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*limited.timeout);
  limited.settings.push_back({"max_execution_time", std::to_string(seconds.count())});
  return limited;
}

clickhouse::Summary Session::execute(std::string_view sql, const clickhouse::With& with) {
  return repeat(with, [&](const clickhouse::With& limited) { return client_.execute(sql, limited); });
}

void Session::insert(std::string_view sql, std::string_view body) {
  using clickhouse::Encoding;
  const bool plain = context_.encoding == Encoding::none;
  const std::string packed = plain ? std::string() : clickhouse::compress(context_.encoding, body);
  repeat({}, [&](const clickhouse::With& limited) {
    return client_.insert(sql, plain ? body : packed, context_.encoding, limited);
  });
}

std::string Session::select(std::string_view sql, const clickhouse::With& with) {
  if (std::optional<std::string> answer = select_within(answer_bytes_max(), sql, with))
    return std::move(*answer);
  // However often it is asked for.
  throw Error(ErrorKind::unsupported, fmt::format("an answer of ClickHouse has more than {} bytes: \"{}\"",
                                                  answer_bytes_max(), sql.substr(0, 80)));
}

std::optional<std::string> Session::select_within(std::size_t bytes_max, std::string_view sql,
                                                  const clickhouse::With& with) {
  struct TooLarge {};
  try {
    return repeat(with, [&](const clickhouse::With& limited) {
      std::string text;
      const auto keep = [&](std::string_view bytes) {
        if (text.size() + bytes.size() > bytes_max) throw TooLarge();
        text += bytes;
      };
      client_.select(sql, keep, limited);
      return text;
    });
  } catch (const TooLarge&) {
    return std::nullopt;
  }
}

clickhouse::Rows Session::rows(std::string_view sql, const clickhouse::With& with) {
  return clickhouse::parse_tsv(select(sql, with));
}

std::uint64_t Session::number(std::string_view sql) {
  return std::stoull(
      repeat({}, [&](const clickhouse::With& limited) { return client_.value(sql, limited); }));
}

void Session::remove(std::string_view table, std::string_view where) {
  if (number(fmt::format("SELECT count() FROM {} WHERE {}", table, where)) > 0)
    execute(fmt::format("DELETE FROM {} WHERE {}", table, where));
}

}  // namespace freshet::load
