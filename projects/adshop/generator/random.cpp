#include "random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/int128.h"

namespace freshet::adshop {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

constexpr double kLargestPoissonByCounting = 30;

}  // namespace

Random::Random(std::uint64_t seed, std::string_view stream) {
  std::uint64_t mixed = seed;
  for (const char c : stream) mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ull;
  for (auto& word : state_) word = split_mix(mixed);
}

std::uint64_t Random::bits() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  // The multiplication's upper half: even enough for data, and without a division.
  const auto span = static_cast<UInt128>(high - low) + 1;
  return low + static_cast<std::int64_t>((span * bits()) >> 64);
}

double Random::unit() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

double Random::exponential(double mean) {
  return -mean * std::log1p(-unit());
}

std::int64_t Random::poisson(double mean) {
  if (mean > kLargestPoissonByCounting) {
    const double normal = std::sqrt(-2 * std::log1p(-unit())) * std::cos(6.283185307179586 * unit());
    return std::max<std::int64_t>(0, std::llround(mean + std::sqrt(mean) * normal));
  }
  std::int64_t count = -1;
  for (double left = mean; left >= 0; left -= exponential(1)) ++count;
  return count;
}

std::size_t Random::weighted(std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double left = unit() * total;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return weights.size() - 1;
}

std::size_t Random::skewed(std::size_t count) {
  const double u = unit();
  return static_cast<std::size_t>(u * u * static_cast<double>(count));
}

Uuid Random::uuid() {
  Uuid id;
  const std::uint64_t halves[2] = {bits(), bits()};
  std::memcpy(id.data(), halves, id.size());
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x40);
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
  return id;
}

std::string Random::bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; i += 8) {
    const std::uint64_t word = bits();
    std::memcpy(bytes.data() + i, &word, std::min<std::size_t>(8, count - i));
  }
  return bytes;
}

std::string Random::letters(std::size_t count) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string text(count, 'A');
  for (char& c : text) c = kLetters[static_cast<std::size_t>(between(0, 61))];
  return text;
}

std::string to_text(const Uuid& id) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[id[i] >> 4];
    text += kHex[id[i] & 15];
  }
  return text;
}

Uuid parse_uuid(std::string_view text) {
  Uuid id{};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0 || digits == 32) throw Error(ErrorKind::data, "not a uuid");
    id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != 32) throw Error(ErrorKind::data, "not a uuid");
  return id;
}

}  // namespace freshet::adshop
