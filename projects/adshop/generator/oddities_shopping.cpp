// Oddities of carts, orders, customers, products and ads. Of oddities.h.
#include <fmt/format.h>

#include "mix.h"
#include "oddities.h"

namespace freshet::adshop {
namespace {

constexpr std::int64_t kDocumentBytesMin = 5'000;
constexpr std::int64_t kDocumentBytesMax = 70'000;

std::string literal(Instant instant) {
  return "'" + to_text(instant) + "'";
}
std::string literal(const Uuid& id) {
  return "'" + to_text(id) + "'";
}

// Letters, digits and JSON's marks only: needs no escaping in SQL.
std::string document(Scene& scene) {
  const auto bytes = static_cast<std::size_t>(scene.random.between(kDocumentBytesMin, kDocumentBytesMax));
  return large_document(scene.random, bytes);
}

void update_order(Scene& scene, const Order& order, std::string_view set) {
  scene.batch.run(fmt::format("UPDATE app.orders SET {}, updated_at = {} WHERE id = {}", set,
                              literal(scene.now), order.id),
                  1);
}

// An ad set of any account; its targeting has been large from the start.
void update_ad_set(Scene& scene, std::string_view set) {
  const Ad& ad = scene.random.pick(scene.world.ads);
  scene.batch.run(
      fmt::format(
          "UPDATE app.ad_sets SET {}, updated_at = {} WHERE id = (SELECT ad_set_id FROM app.ads WHERE "
          "id = {})",
          set, literal(scene.now), ad.id),
      1);
}

}  // namespace

void delete_old_carts(Scene& scene) {
  for (int carts = 0; carts < 3 && !scene.memory.old_carts.empty(); ++carts) {
    const Cart cart = scene.memory.old_carts.take(scene.random);
    scene.batch.run("DELETE FROM app.carts WHERE id = " + literal(cart.id), 1);
  }
}

// An order is placed and edited in one transaction; the first edit is taken back.
void edit_order_with_savepoint(Scene& scene) {
  Order& order = buy_something(scene);
  scene.batch.run("SAVEPOINT edit");
  scene.batch.run(fmt::format("DELETE FROM app.order_lines WHERE id = {}", order.lines.front().id));
  scene.batch.run(
      fmt::format("UPDATE app.orders SET note_attributes = '{{\"edited\": true}}' WHERE id = {}", order.id));
  scene.batch.run("ROLLBACK TO SAVEPOINT edit");
  add_line(scene.world, order,
           {.id = scene.ids.next(Table::order_lines), .variant = order.lines.front().variant});
  write_line(scene.rows(), scene.world, order, order.lines.back(), scene.now + std::chrono::seconds(30));
  scene.batch.run("SAVEPOINT edit_2");
  update_order(
      scene, order,
      fmt::format("edited_at = {}, tax_amount = {}.{:02}, total_amount = {}.{:02}", literal(scene.now),
                  order.tax / 100, order.tax % 100, order.total / 100, order.total % 100));
  scene.batch.run("RELEASE SAVEPOINT edit_2");
}

void attach_document_to_order(Scene& scene) {
  if (scene.memory.orders.empty()) return;
  Order& order = scene.memory.orders.pick(scene.random);
  order.note = "attached";
  update_order(scene, order, fmt::format("note_attributes = '{}'", document(scene)));
}

void tag_order_with_document(Scene& scene) {
  if (scene.memory.orders.empty()) return;
  Order* order = &scene.memory.orders.pick(scene.random);
  for (int tries = 0; order->note.empty() && tries < 50; ++tries)
    order = &scene.memory.orders.pick(scene.random);
  if (order->note.empty()) return;
  update_order(scene, *order, "tags = array_append(tags, 'vip')");
}

void retarget_ad_set(Scene& scene) {
  update_ad_set(scene, fmt::format("targeting = '{}'", document(scene)));
}

void pause_ad_set(Scene& scene) {
  update_ad_set(scene, scene.random.chance(0.5) ? "status = 'paused'" : "status = 'active'");
}

// The ad goes, its clicks, impressions and spend stay. A shop keeps a few.
void delete_ad(Scene& scene) {
  Shop& shop = scene.world.shops[static_cast<std::size_t>(
      scene.random.between(0, static_cast<std::int64_t>(scene.world.shops.size()) - 1))];
  if (shop.ads.size() <= 5) return;
  scene.batch.run(fmt::format("DELETE FROM app.ads WHERE id = {}", scene.world.ads[shop.ads.back()].id), 1);
  shop.ads.pop_back();
}

void delete_test_order(Scene& scene) {
  if (scene.memory.orders.empty()) return;
  const Order order = scene.memory.orders.take(scene.random);
  scene.batch.run(fmt::format("DELETE FROM app.orders WHERE id = {}", order.id), 1);
}

void redact_customer(Scene& scene) {
  if (scene.memory.customers.empty()) return;
  const Customer customer = scene.memory.customers.take(scene.random);
  scene.batch.run(
      fmt::format(
          "UPDATE app.customers SET email = NULL, email_sha256 = NULL, phone_e164 = NULL, first_name = "
          "NULL, last_name = NULL, default_address = NULL, birth_date = NULL, state = 'redacted', "
          "redacted_at = {}, updated_at = {} WHERE id = {}",
          literal(scene.now), literal(scene.now), customer.id),
      1);
}

void find_visitor_of_order(Scene& scene) {
  if (scene.memory.orders.empty() || scene.memory.visitors.empty()) return;
  update_order(scene, scene.memory.orders.pick(scene.random),
               "visitor_id = " + literal(scene.memory.visitors.pick(scene.random).id));
}

void change_order_three_times(Scene& scene) {
  if (scene.memory.orders.empty()) return;
  const Order& order = scene.memory.orders.pick(scene.random);
  update_order(scene, order, "financial_status = 'authorized'");
  update_order(scene, order, "financial_status = 'partially_paid'");
  update_order(scene, order, "financial_status = 'paid'");
}

void restock_shelf(Scene& scene) {
  const Shop& shop = scene.random.pick(scene.world.shops);
  ManyRowUpdate update(
      "UPDATE app.product_variants p SET inventory_quantity = v.quantity::int, updated_at = "
      "v.at::timestamptz",
      "AS v (id, quantity, at) WHERE p.id = v.id::bigint");
  for (std::size_t i = 0; i < 40 && i < shop.variants.size(); ++i) {
    update.row()
        .integer(scene.world.variants[shop.variants[i]].id)
        .integer(scene.random.between(50, 500))
        .instant(scene.now)
        .end();
  }
  update.run(scene.batch);
}

}  // namespace freshet::adshop
