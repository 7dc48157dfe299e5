// Reading and writing integers in byte strings: network order (PostgreSQL) and little endian (our formats,
// ClickHouse). A ByteReader never reads past its end: damaged or cut input throws Error{data}.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"

namespace freshet {

template <std::integral T>
constexpr T swap_bytes(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}
static_assert(std::endian::native == std::endian::little,
              "the formats are written for little-endian machines");

template <class T>
T load_le(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <std::integral T>
T load_be(const char* from) {
  return swap_bytes(load_le<T>(from));
}

template <class T>
void append_le(std::string& to, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  to.append(raw, sizeof raw);
}

template <std::integral T>
void append_be(std::string& to, T value) {
  append_le(to, swap_bytes(value));
}

// LEB128, at most 10 bytes; ClickHouse's varint.
inline void append_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool at_end() const { return at_ == end_; }
  const char* position() const { return at_; }

  template <class T>
  T le() {
    return load_le<T>(take(sizeof(T)));
  }
  template <std::integral T>
  T be() {
    return load_be<T>(take(sizeof(T)));
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*take(1));
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw Error(ErrorKind::data, "a varint is larger than 64 bits");
  }
  std::string_view bytes(std::size_t count) { return {take(count), count}; }
  // Text up to, without, its NUL.
  std::string_view c_string() {
    const auto* end = static_cast<const char*>(std::memchr(at_, 0, left()));
    if (end == nullptr) throw Error(ErrorKind::data, "a string has no end");
    const std::string_view text(at_, static_cast<std::size_t>(end - at_));
    at_ = end + 1;
    return text;
  }

 private:
  const char* take(std::size_t count) {
    if (count > left()) throw Error(ErrorKind::data, "the bytes end in the middle of a value");
    const char* from = at_;
    at_ += count;
    return from;
  }

  const char* at_;
  const char* end_;
};

}  // namespace freshet
