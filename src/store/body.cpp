#include "store/body.h"

#include <fmt/format.h>

#include "base/error.h"
#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

constexpr std::size_t kReadBytes = 256u << 10;

// External tables come in it.
void refuse_multipart(const http::Request& request) {
  const std::string* type = request.header("Content-Type");
  constexpr std::string_view kMultipart = "multipart/";
  if (type == nullptr || !http::equal_ignoring_case(type->substr(0, kMultipart.size()), kMultipart)) return;
  throw ClickHouseError(code::kNotImplemented, "NOT_IMPLEMENTED", "A multipart body isn't supported");
}

Coding coding_of(const http::Request& request) {
  const std::string* name = request.header("Content-Encoding");
  if (name == nullptr || name->empty()) return Coding::identity;
  if (const std::optional<Coding> coding = coding_named(*name)) return *coding;
  throw ClickHouseError(code::kNotImplemented, "NOT_IMPLEMENTED",
                        fmt::format("Unknown Content-Encoding '{}'", *name));
}

}  // namespace

Body::Body(http::Exchange& exchange)
    : exchange_(exchange), decoder_(make_decoder(coding_of(exchange.request()))), buffer_(kReadBytes, '\0') {
  refuse_multipart(exchange.request());
}

std::size_t Body::read_packed() {
  try {
    return exchange_.read(buffer_);
  } catch (const Error& error) {
    throw ClickHouseError(code::kIncorrectData, "INCORRECT_DATA", error.message());
  }
}

std::size_t Body::read(std::span<char> to) {
  for (;;) {
    // Also with nothing new: the decoder may hold bytes that found no room last time.
    if (const std::size_t made = decoder_->read(packed_, to); made > 0) return made;
    if (!packed_.empty()) continue;
    const std::size_t got = read_packed();
    if (got == 0) break;
    packed_ = std::string_view(buffer_).substr(0, got);
  }
  decoder_->end();
  return 0;
}

}  // namespace freshet::store
