// Strong<Tag, Rep>: an integer that can't be mixed up with another one. Mixing an offset with an LSN is data
// loss.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace freshet {

template <class Tag, class Rep>
class Strong {
 public:
  using rep = Rep;

  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;

  constexpr Strong next() const { return Strong(static_cast<Rep>(value_ + 1)); }

 private:
  Rep value_{};
};

}  // namespace freshet

template <class Tag, class Rep>
struct std::hash<freshet::Strong<Tag, Rep>> {
  std::size_t operator()(freshet::Strong<Tag, Rep> id) const { return std::hash<Rep>{}(id.value()); }
};
