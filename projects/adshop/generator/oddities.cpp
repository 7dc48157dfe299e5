#include "oddities.h"

#include <array>

namespace freshet::adshop {
namespace {

constexpr Oddity kRound[] = {
    {"key change", move_spend_to_another_hour},
    {"rollback", roll_back_a_visit},
    {"large document", attach_document_to_order},
    {"partition move", move_page_view_to_another_month},
    {"hard delete of a page view", delete_page_view},
    {"update beside a large document", tag_order_with_document},
    {"merge of visitors", merge_visitors},
    {"savepoint", edit_order_with_savepoint},
    {"delete and re-insert", delete_and_insert_page_view},
    {"login", log_in},
    {"clean-up of carts", delete_old_carts},
    {"retargeting", retarget_ad_set},
    {"update beside a large targeting", pause_ad_set},
    {"late visitor of an order", find_visitor_of_order},
    {"three updates of one row", change_order_three_times},
    {"many rows at once", restock_shelf},
    {"hard delete of an order", delete_test_order},
    {"redaction", redact_customer},
    {"hard delete of an ad", delete_ad},
    {"exchange rates", publish_rates},
    {"attribution settings", edit_settings},
};

}  // namespace

void Oddities::perform(Scene& scene) {
  const Oddity& oddity = kRound[next_];
  next_ = (next_ + 1) % std::size(kRound);
  scene.batch.commit();
  const std::int64_t before = scene.batch.transactions();
  oddity.perform(scene);
  scene.batch.commit();
  // What could find nothing to work on hasn't happened; a rollback leaves no transaction but has.
  if (scene.batch.transactions() > before || oddity.perform == roll_back_a_visit) ++performed_[oddity.name];
}

}  // namespace freshet::adshop
