// Oddities: what real databases do besides inserting and updating, one after another, so that a few thousand
// changes hold each of them. Each is its own transaction and remembers what it needs for the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "scene.h"

namespace freshet::adshop {

struct Oddity {
  std::string_view name;
  void (*perform)(Scene&);
};

// oddities_traffic.cpp and oddities_shopping.cpp.
void move_spend_to_another_hour(Scene& scene);  // a change of the primary key
void roll_back_a_visit(Scene& scene);
void move_page_view_to_another_month(Scene& scene);  // between partitions
void delete_page_view(Scene& scene);
void delete_and_insert_page_view(Scene& scene);  // one key, one transaction
void merge_visitors(Scene& scene);
void log_in(Scene& scene);
void delete_old_carts(Scene& scene);
void edit_order_with_savepoint(Scene& scene);  // a part of the transaction is rolled back
void attach_document_to_order(Scene& scene);   // 5-70 kB, stored out of line
void tag_order_with_document(Scene& scene);    // the document isn't touched
void retarget_ad_set(Scene& scene);
void pause_ad_set(Scene& scene);
void delete_ad(Scene& scene);
void delete_test_order(Scene& scene);  // its children go with it
void redact_customer(Scene& scene);
void find_visitor_of_order(Scene& scene);     // filled late
void change_order_three_times(Scene& scene);  // in one transaction
void restock_shelf(Scene& scene);             // many rows in one transaction
void publish_rates(Scene& scene);
void edit_settings(Scene& scene);

class Oddities {
 public:
  // The next one of the round.
  void perform(Scene& scene);
  const std::map<std::string_view, std::int64_t>& performed() const { return performed_; }

 private:
  std::size_t next_ = 0;
  std::map<std::string_view, std::int64_t> performed_;
};

}  // namespace freshet::adshop
