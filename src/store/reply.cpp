#include "store/reply.h"

#include <fmt/format.h>

#include <random>

namespace freshet::store {
namespace {

// Rows up to here wait for the query's end, so that its error can still be told by the status.
constexpr std::size_t kUndecidedBytes = 64u << 10;

std::string_view content_type(std::string_view format) {
  if (format.starts_with("JSONEachRow") || format.starts_with("JSONCompactEachRow") ||
      format.starts_with("JSONStringsEachRow")) {
    return "application/x-ndjson; charset=UTF-8";
  }
  if (format.starts_with("JSON")) return "application/json; charset=UTF-8";
  if (format.starts_with("CSV")) return "text/csv; charset=UTF-8";
  if (format.starts_with("TabSeparated") || format.starts_with("TSV"))
    return "text/tab-separated-values; charset=UTF-8";
  if (format == "XML") return "application/xml; charset=UTF-8";
  for (const std::string_view binary :
       {"Native", "RowBinary", "Parquet", "Arrow", "ORC", "Avro", "MsgPack", "BSONEachRow"}) {
    if (format.starts_with(binary)) return "application/octet-stream";
  }
  return "text/plain; charset=UTF-8";
}

std::string summary(const Statistics& of) {
  return fmt::format(R"({{"read_rows":"{}","read_bytes":"{}","written_rows":"{}","written_bytes":"{}",)"
                     R"("total_rows_to_read":"0","result_rows":"{}","result_bytes":"{}","elapsed_ns":"{}"}})",
                     of.read_rows, of.read_bytes, of.written_rows, of.written_bytes, of.result_rows,
                     of.result_bytes, of.elapsed_ns);
}

// Unforeseeable, so that no row can look like the block of an exception.
std::string random_tag() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string tag(16, ' ');
  for (char& letter : tag) letter = static_cast<char>('a' + random() % 26);
  return tag;
}

std::string exception_block(std::string_view message, std::string_view tag) {
  std::string text(message);
  if (!text.ends_with('\n')) text += '\n';
  return fmt::format("\r\n__exception__\r\n{0}\r\n{1}{2} {0}\r\n__exception__\r\n", tag, text, text.size());
}

}  // namespace

void Reply::know(const QueryRequest& request) {
  query_id_ = request.query_id;
  hold_ = request.hold_to_the_end;
  const auto timezone = request.settings.find("session_timezone");
  timezone_ =
      timezone == request.settings.end() || timezone->second.empty() ? engine_.timezone() : timezone->second;
  const std::string* accepted = exchange_.request().header("Accept-Encoding");
  if (request.may_compress && accepted != nullptr) coding_ = choose_coding(*accepted);
}

void Reply::write(std::string_view bytes) {
  if (begun_) return send(bytes);
  held_.append(bytes);
  if (!hold_ && held_.memory().size() >= kUndecidedBytes) begin({});
}

void Reply::finish(const Statistics& statistics) {
  if (!begun_ && held_.in_memory()) {
    std::string body;
    const std::unique_ptr<Encoder> encoder = make_encoder(coding_);
    encoder->write(held_.memory(), body);
    encoder->finish(body);
    return exchange_.respond(200, headers(statistics), body);
  }
  if (!begun_) begin(statistics);
  end_stream();
}

void Reply::fail(const ClickHouseError& error) {
  const std::string text = error.text(engine_.version());
  if (begun_) {
    send(exception_block(text, exception_tag_));
    return end_stream();
  }
  format_.clear();
  coding_ = Coding::identity;
  http::Headers answer = headers({});
  answer.emplace_back("X-ClickHouse-Exception-Code", std::to_string(error.code()));
  exchange_.respond(http_status(error.code()), answer, text);
}

http::Headers Reply::headers(const Statistics& statistics) const {
  http::Headers out{{"Content-Type", std::string(content_type(format_))},
                    {"X-ClickHouse-Server-Display-Name", engine_.display_name()},
                    {"X-ClickHouse-Summary", summary(statistics)}};
  if (!query_id_.empty()) out.emplace_back("X-ClickHouse-Query-Id", query_id_);
  if (!timezone_.empty()) out.emplace_back("X-ClickHouse-Timezone", timezone_);
  if (!format_.empty()) out.emplace_back("X-ClickHouse-Format", format_);
  if (!exception_tag_.empty()) out.emplace_back("X-ClickHouse-Exception-Tag", exception_tag_);
  if (coding_ != Coding::identity) out.emplace_back("Content-Encoding", std::string(to_string(coding_)));
  return out;
}

void Reply::begin(const Statistics& statistics) {
  exception_tag_ = random_tag();
  encoder_ = make_encoder(coding_);
  exchange_.begin(200, headers(statistics));
  begun_ = true;
  held_.replay([this](std::string_view bytes) { send(bytes); });
}

void Reply::send(std::string_view bytes) {
  packed_.clear();
  encoder_->write(bytes, packed_);
  exchange_.write(packed_);
}

void Reply::end_stream() {
  packed_.clear();
  encoder_->finish(packed_);
  exchange_.write(packed_);
  exchange_.finish();
}

}  // namespace freshet::store
