// The generator's only source of chance: the same seed gives the same data on every machine and library,
// which <random>'s distributions don't promise. Owned and used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace freshet::adshop {

using Uuid = std::array<std::uint8_t, 16>;

class Random {
 public:
  // Streams of one seed are independent: drawing more visitors doesn't change the exchange rates.
  Random(std::uint64_t seed, std::string_view stream);

  std::uint64_t bits();                                       // xoshiro256**
  std::int64_t between(std::int64_t low, std::int64_t high);  // both included
  double unit();                                              // [0, 1)
  bool chance(double probability) { return unit() < probability; }
  double exponential(double mean);
  std::int64_t poisson(double mean);
  std::size_t weighted(std::span<const double> weights);
  // [0, count), small indices more often: the square of a uniform one.
  std::size_t skewed(std::size_t count);

  template <class Container>
  const auto& pick(const Container& container) {
    return container[static_cast<std::size_t>(
        between(0, static_cast<std::int64_t>(std::size(container)) - 1))];
  }

  Uuid uuid();  // version 4
  std::string bytes(std::size_t count);
  std::string letters(std::size_t count);  // of base 62: click ids, tokens

 private:
  std::array<std::uint64_t, 4> state_;
};

std::string to_text(const Uuid& id);
// What to_text wrote; throws Error{data} on anything else.
Uuid parse_uuid(std::string_view text);

}  // namespace freshet::adshop
