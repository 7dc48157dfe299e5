// Takes one of capture's own texts apart from its front: a snapshot's progress, what a stream is bound to.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/error.h"

namespace freshet::capture {

// Throws Error{data} where the text isn't what was expected.
class Scanner {
 public:
  // `what` the text should be, for the error.
  Scanner(std::string_view text, std::string_view what) : whole_(text), left_(text), what_(what) {}

  bool at_end() const { return left_.empty(); }
  bool skip(char expected) {
    if (left_.empty() || left_.front() != expected) return false;
    left_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view literal) {
    if (!left_.starts_with(literal)) fail();
    left_.remove_prefix(literal.size());
  }
  std::string_view until(char end) {
    const std::size_t size = std::min(left_.find(end), left_.size());
    const std::string_view token = left_.substr(0, size);
    left_.remove_prefix(size);
    return token;
  }
  template <class Number>
  Number number(int base = 10) {
    Number value = 0;
    const auto [end, failed] = std::from_chars(left_.data(), left_.data() + left_.size(), value, base);
    if (failed != std::errc()) fail();
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return value;
  }
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::data, fmt::format("'{}' isn't {}", whole_, what_));
  }

 private:
  std::string_view whole_;
  std::string_view left_;
  std::string_view what_;
};

}  // namespace freshet::capture
