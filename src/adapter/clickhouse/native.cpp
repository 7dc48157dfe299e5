#include "adapter/clickhouse/native.h"

#include <limits>

namespace freshet::clickhouse::native {
namespace {

// SharedDictionariesWithAdditionalKeys: the only version there is.
constexpr std::uint64_t kKeysVersion = 1;
// The block brings its own keys; no dictionary is shared with other blocks.
constexpr std::uint64_t kHasAdditionalKeys = 1 << 9;
constexpr std::uint64_t kNeedsUpdate = 1 << 10;

constexpr std::size_t kMaxKeysKept = 1024;

template <class Index>
void write_indexes(std::string& to, std::uint64_t width_code, const StringColumn& keys,
                   const std::vector<std::uint32_t>& rows) {
  append_le(to, kHasAdditionalKeys | kNeedsUpdate | width_code);
  append_le(to, static_cast<std::uint64_t>(keys.rows()));
  keys.write(to);
  append_le(to, static_cast<std::uint64_t>(rows.size()));
  for (const std::uint32_t row : rows) append_le(to, static_cast<Index>(row));
}

}  // namespace

LowCardinalityColumn::LowCardinalityColumn(bool nullable) : nullable_(nullable) {
  forget_keys();
}

std::uint32_t LowCardinalityColumn::index_of(std::string_view text) {
  if (const auto found = index_.find(text); found != index_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(keys_.rows());
  keys_.push(text);
  index_.emplace(text, index);
  return index;
}

void LowCardinalityColumn::forget_keys() {
  index_.clear();
  keys_.clear();
  keys_.push("");
  if (!nullable_) index_.emplace("", 0);
}

void LowCardinalityColumn::clear() {
  rows_.clear();
  if (keys_.rows() > kMaxKeysKept) forget_keys();
}

void LowCardinalityColumn::write(std::string& to) const {
  append_le(to, kKeysVersion);
  if (rows_.empty()) return;
  if (keys_.rows() <= std::numeric_limits<std::uint8_t>::max())
    write_indexes<std::uint8_t>(to, 0, keys_, rows_);
  else if (keys_.rows() <= std::numeric_limits<std::uint16_t>::max())
    write_indexes<std::uint16_t>(to, 1, keys_, rows_);
  else
    write_indexes<std::uint32_t>(to, 2, keys_, rows_);
}

}  // namespace freshet::clickhouse::native
