// Codecs (see fixed_column.h) of booleans, integers, floats and UUIDs.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "adapter/clickhouse/native.h"
#include "base/bytes.h"
#include "load/types/unfit.h"

namespace freshet::load {

struct BooleanCodec {
  using Value = std::uint8_t;

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const {
    if (bytes.size() != 1) return Unfit::malformed;
    value = bytes[0] != 0 ? 1 : 0;
    return std::nullopt;
  }
  std::optional<Unfit> from_text(std::string_view text, Value& value) const {
    if (text != "t" && text != "f") return Unfit::malformed;
    value = text == "t" ? 1 : 0;
    return std::nullopt;
  }
};

// Source is PostgreSQL's width, Target ClickHouse's, at least as wide.
template <class Source, class Target>
struct IntegerCodec {
  static_assert(sizeof(Source) <= sizeof(Target));
  using Value = Target;

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const {
    if (bytes.size() != sizeof(Source)) return Unfit::malformed;
    value = load_be<Source>(bytes.data());
    return std::nullopt;
  }
  std::optional<Unfit> from_text(std::string_view text, Value& value) const {
    Source narrow = 0;
    const char* end = text.data() + text.size();
    const auto [after, failed] = std::from_chars(text.data(), end, narrow);
    if (failed != std::errc() || after != end) return Unfit::malformed;
    value = narrow;
    return std::nullopt;
  }
};

// NaN, the infinities and -0 are values like others.
template <class Float, class Bits>
struct FloatCodec {
  static_assert(sizeof(Float) == sizeof(Bits));
  using Value = Float;

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const {
    if (bytes.size() != sizeof(Bits)) return Unfit::malformed;
    value = std::bit_cast<Float>(load_be<Bits>(bytes.data()));
    return std::nullopt;
  }
  std::optional<Unfit> from_text(std::string_view text, Value& value) const {
    const char* end = text.data() + text.size();
    const auto [after, failed] = std::from_chars(text.data(), end, value);
    if (failed != std::errc() || after != end) return Unfit::malformed;
    return std::nullopt;
  }
};

struct UuidCodec {
  using Value = clickhouse::native::Uuid;

  std::optional<Unfit> from_binary(std::string_view bytes, Value& value) const {
    if (bytes.size() != 16) return Unfit::malformed;
    value.high = load_be<std::uint64_t>(bytes.data());
    value.low = load_be<std::uint64_t>(bytes.data() + 8);
    return std::nullopt;
  }
  // "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
  std::optional<Unfit> from_text(std::string_view text, Value& value) const {
    if (text.size() != 36) return Unfit::malformed;
    std::uint64_t halves[2] = {0, 0};
    int digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash != (text[i] == '-')) return Unfit::malformed;
      if (dash) continue;
      const int digit = hex_digit(text[i]);
      if (digit < 0) return Unfit::malformed;
      std::uint64_t& half = halves[digits++ / 16];
      half = half << 4 | static_cast<std::uint64_t>(digit);
    }
    value = {halves[0], halves[1]};
    return std::nullopt;
  }

 private:
  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }
};

}  // namespace freshet::load
