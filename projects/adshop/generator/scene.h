// Scene: what live traffic has at hand while it invents the next changes. Everything it remembers is bounded.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "advertising.h"
#include "batch.h"
#include "shopping.h"
#include "world.h"

namespace freshet::adshop {

// The last `capacity` things, of which any may be picked.
template <class T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : capacity_(capacity) {}

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  void clear() { items_.clear(); }

  T& add(T item) {
    if (items_.size() < capacity_) return items_.emplace_back(std::move(item));
    oldest_ = (oldest_ + 1) % capacity_;
    return items_[oldest_] = std::move(item);
  }
  T& pick(Random& random) { return items_[index(random)]; }
  // Removes it, too.
  T take(Random& random) {
    std::swap(items_[index(random)], items_.back());
    T item = std::move(items_.back());
    items_.pop_back();
    return item;
  }
  // From a random place on, `count` different ones at most.
  template <class Use>
  void some(Random& random, std::size_t count, Use use) {
    if (items_.empty()) return;
    const std::size_t first = index(random);
    for (std::size_t i = 0; i < count && i < items_.size(); ++i) use(items_[(first + i) % items_.size()]);
  }

 private:
  std::size_t index(Random& random) const {
    return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(items_.size()) - 1));
  }

  std::size_t capacity_;
  std::size_t oldest_ = 0;
  std::vector<T> items_;
};

struct SeenPage {
  std::int64_t id;
  Instant occurred;
};

struct Basket {  // a cart on its way
  Cart cart;
  std::optional<Checkout> checkout;
};

// What was written lately, by this process or (visitors, customers, spend) before it.
struct Memory {
  Ring<Visitor> visitors{5'000};
  Ring<Session> sessions{2'000};
  Ring<SeenPage> pages{2'000};
  Ring<Click> unknown_clicks{500};  // whose ad_id is still to be filled
  Ring<Basket> baskets{500};
  Ring<Cart> old_carts{500};  // abandoned, to be cleaned up
  Ring<Customer> customers{1'000};
  Ring<Order> orders{500};
  Ring<std::pair<Order, Refund>> pending_refunds{100};
  Ring<SpendHour> spend{3'000};
  Instant newest_spend;          // the hour up to which spend is there
  Instant oldest_spend;          // and from which on
  std::size_t next_spender = 0;  // of the hour before oldest_spend
};

struct Scene {
  World& world;
  Memory& memory;
  Batch& batch;
  Random& random;
  Ids& ids;
  Instant now;

  Rows& rows() { return batch.rows(); }
};

// Visitors, customers and spend hours as the database has them.
Memory load_memory(postgres::Connection& connection, const World& world, Instant now);

}  // namespace freshet::adshop
