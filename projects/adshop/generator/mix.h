// Mix: which changes come next, and how many of each, so that over time the shares are those of the reference
// domain: page views 55 %, impressions 22 %, sessions 9 % (an insert and about three updates each), clicks 4
// %, carts and checkouts 4 %, spend 3 % (half of it restated), orders with their children 2 %, all else 1 %.
#pragma once

#include <array>
#include <cstdint>

#include "scene.h"

namespace freshet::adshop {

class Mix {
 public:
  // Adds about `changes` changes to the scene's batch, each kind in a transaction of its own, each order in
  // one, too.
  void add(Scene& scene, std::int64_t changes);

 private:
  static constexpr std::size_t kKinds = 8;
  std::array<double, kKinds> owed_{};  // changes by which a kind is behind its share
};

// Each adds up to `changes` changes and commits them. mix_traffic.cpp, mix_shopping.cpp, mix_advertising.cpp.
void see_pages(Scene& scene, std::int64_t changes);
void show_ads(Scene& scene, std::int64_t changes);
void keep_sessions(Scene& scene, std::int64_t changes);
void click_ads(Scene& scene, std::int64_t changes);
void fill_carts(Scene& scene, std::int64_t changes);
void report_spend(Scene& scene, std::int64_t changes);
void place_orders(Scene& scene, std::int64_t changes);
void do_the_rest(Scene& scene, std::int64_t changes);

// A new session of a known visitor, added to the open transaction.
Session& begin_session(Scene& scene);
// A new visitor, added to the open transaction.
Visitor& meet_visitor(Scene& scene);
// The visitor's customer, or a new one tied to the visitor.
const Customer& become_customer(Scene& scene, Visitor& visitor);
// An order of a fresh cart with all its children, added to the open transaction; remembered.
Order& buy_something(Scene& scene);

}  // namespace freshet::adshop
