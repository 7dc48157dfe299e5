#include "adapter/clickhouse/exception_tail.h"

#include <algorithm>

namespace freshet::clickhouse {
namespace {

// ClickHouse cuts its own messages at 16 KiB; what follows isn't needed.
constexpr std::size_t kMaxMessage = 64 << 10;

}  // namespace

ExceptionTail::ExceptionTail(std::string_view tag) {
  if (tag.empty()) return;
  marker_.append("\r\n__exception__\r\n").append(tag).append("\r\n");
  closing_.append(" ").append(tag).append("\r\n__exception__");
}

void ExceptionTail::take(std::string_view bytes, const std::function<void(std::string_view)>& pass_on) {
  if (marker_.empty()) return pass_on(bytes);
  held_ += bytes;
  if (found_) {
    if (held_.size() > kMaxMessage) held_.resize(kMaxMessage);
    return;
  }
  const std::size_t at = held_.find(marker_);
  found_ = at != std::string::npos;
  const std::size_t clean = found_ ? at : held_.size() - held_back();
  if (clean > 0) pass_on(std::string_view(held_).substr(0, clean));
  held_.erase(0, found_ ? at + marker_.size() : clean);
}

void ExceptionTail::finish(const std::function<void(std::string_view)>& pass_on) {
  if (found_ || held_.empty()) return;
  pass_on(held_);
  held_.clear();
}

// How many of the last bytes may be the beginning of the marker.
std::size_t ExceptionTail::held_back() const {
  for (std::size_t n = std::min(held_.size(), marker_.size() - 1); n > 0; --n)
    if (std::string_view(held_).ends_with(std::string_view(marker_).substr(0, n))) return n;
  return 0;
}

std::string ExceptionTail::message() const {
  std::string_view text = held_;
  if (const std::size_t end = text.rfind(closing_); end != std::string_view::npos) {
    text = text.substr(0, end);
    text = text.substr(0, text.rfind('\n'));  // the line of the length
  }
  return std::string(text);
}

}  // namespace freshet::clickhouse
