#include "adapter/clickhouse/compress.h"

#include <lz4frame.h>
#include <zstd.h>

#include "base/check.h"

namespace freshet::clickhouse {
namespace {

constexpr int kZstdLevel = 1;

std::string compress_lz4(std::string_view bytes) {
  LZ4F_preferences_t preferences = {};
  preferences.frameInfo.contentSize = bytes.size();
  preferences.frameInfo.blockSizeID = LZ4F_max1MB;
  std::string packed(LZ4F_compressFrameBound(bytes.size(), &preferences), '\0');
  const std::size_t size =
      LZ4F_compressFrame(packed.data(), packed.size(), bytes.data(), bytes.size(), &preferences);
  CHECK(!LZ4F_isError(size));
  packed.resize(size);
  return packed;
}

std::string compress_zstd(std::string_view bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), kZstdLevel);
  CHECK(!ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

}  // namespace

std::string_view to_string(Encoding encoding) {
  switch (encoding) {
    case Encoding::none: return "";
    case Encoding::lz4: return "lz4";
    case Encoding::zstd: return "zstd";
  }
  return "";
}

std::string compress(Encoding encoding, std::string_view bytes) {
  switch (encoding) {
    case Encoding::none: return std::string(bytes);
    case Encoding::lz4: return compress_lz4(bytes);
    case Encoding::zstd: return compress_zstd(bytes);
  }
  return {};
}

}  // namespace freshet::clickhouse
