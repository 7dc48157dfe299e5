// Durable<T>: the proof that everything up to T survives a crash. Only the code that saw the confirmation (an
// fsync, a broker's or ClickHouse's acknowledgement) can make one; whoever moves a position asks for it in
// its signature.
#pragma once

#include <utility>

namespace freshet {

template <class T>
class Durable {
 public:
  const T& get() const { return value_; }

 private:
  explicit Durable(T value) : value_(std::move(value)) {}
  template <class Witness>
  friend class DurabilityWitness;

  T value_;
};

// Derive from it where a confirmation is seen: `class X : DurabilityWitness<X>`, then confirm(position).
// `grep DurabilityWitness` lists every place that can vouch for durability.
template <class Witness>
class DurabilityWitness {
  friend Witness;
  DurabilityWitness() = default;  // for Witness alone: nobody derives under another's name

 protected:
  template <class T>
  static Durable<T> confirm(T value) {
    return Durable<T>(std::move(value));
  }
};

}  // namespace freshet
