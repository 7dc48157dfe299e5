// Live carts, checkouts, orders, refunds, and the slow tables. Of mix.h.
#include <fmt/format.h>

#include "mix.h"

namespace freshet::adshop {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string when(Instant instant) {
  return "'" + to_text(instant) + "'";
}
std::string quoted(const Uuid& id) {
  return "'" + to_text(id) + "'";
}

void begin_cart(Scene& scene) {
  if (scene.memory.sessions.empty()) begin_session(scene);
  Basket basket;
  basket.cart = invent_cart(scene.world, scene.memory.sessions.pick(scene.random), scene.now, scene.random);
  write(scene.rows(), scene.world, basket.cart);
  scene.memory.baskets.add(std::move(basket));
}

void change_cart(Scene& scene, Cart& cart) {
  const auto& variants = scene.world.shops[cart.shop].variants;
  if (cart.variants.size() < 20) cart.variants.push_back(variants[scene.random.skewed(variants.size())]);
  scene.batch.run(
      fmt::format("UPDATE app.carts SET lines = '{}', item_count = {}, subtotal_amount = {}.{:02}, "
                  "updated_at = {} WHERE id = {}",
                  cart_lines(scene.world, cart), cart.variants.size(), subtotal_of(scene.world, cart) / 100,
                  subtotal_of(scene.world, cart) % 100, when(scene.now), quoted(cart.id)),
      1);
}

// The next of contact, shipping and payment.
void advance_checkout(Scene& scene, Checkout& checkout) {
  const auto [column, step] = !checkout.contact    ? std::pair("contact_at", &checkout.contact)
                              : !checkout.shipping ? std::pair("shipping_at", &checkout.shipping)
                                                   : std::pair("payment_at", &checkout.payment);
  *step = scene.now;
  scene.batch.run(fmt::format("UPDATE app.checkouts SET {} = {}, updated_at = {} WHERE id = {}", column,
                              when(scene.now), when(scene.now), quoted(checkout.id)),
                  1);
}

void abandon_cart(Scene& scene) {
  const Basket basket = scene.memory.baskets.take(scene.random);
  scene.batch.run(
      fmt::format(
          "UPDATE app.carts SET status = 'abandoned', abandoned_at = {}, updated_at = {} WHERE id = {}",
          when(scene.now), when(scene.now), quoted(basket.cart.id)),
      1);
  scene.memory.old_carts.add(basket.cart);
}

void settle_refund(Scene& scene) {
  const auto [order, refund] = scene.memory.pending_refunds.take(scene.random);
  scene.batch.run(
      fmt::format(
          "UPDATE app.refunds SET status = 'succeeded', processed_at = {}, updated_at = {} WHERE id = {}",
          when(scene.now), when(scene.now), refund.id),
      1);
  scene.batch.run(
      fmt::format(
          "UPDATE app.orders SET financial_status = 'partially_refunded', updated_at = {} WHERE id = {}",
          when(scene.now), order.id),
      1);
}

// Pending first; it succeeds later.
void ask_for_refund(Scene& scene) {
  const Order& order = scene.memory.orders.pick(scene.random);
  auto refund = invent_refund(scene.world, order, scene.now, scene.random, scene.ids);
  if (!refund) return;
  refund->status = "pending";
  refund->processed.reset();
  write(scene.rows(), scene.world, order, *refund, scene.random, scene.ids);
  scene.memory.pending_refunds.add({order, *refund});
}

void fulfil_order(Scene& scene) {
  const Order& order = scene.memory.orders.pick(scene.random);
  scene.batch.run(
      fmt::format("UPDATE app.orders SET fulfillment_status = 'fulfilled', updated_at = {} WHERE id = {}",
                  when(scene.now), order.id),
      1);
}

}  // namespace

const Customer& become_customer(Scene& scene, Visitor& visitor) {
  for (int tries = 0; visitor.customer && tries < 3 && !scene.memory.customers.empty(); ++tries) {
    const Customer& known = scene.memory.customers.pick(scene.random);
    if (known.id == *visitor.customer) return known;
  }
  Customer customer = invent_customer(scene.world, visitor.shop, scene.now, scene.random, scene.ids);
  write(scene.rows(), scene.world, customer);
  visitor.customer = customer.id;
  scene.batch.run(
      fmt::format(
          "UPDATE app.visitors SET customer_id = {}, last_seen_at = {}, updated_at = {} WHERE id = {}",
          customer.id, when(scene.now), when(scene.now), quoted(visitor.id)),
      1);
  return scene.memory.customers.add(std::move(customer));
}

// A cart that just came into being, bought at once: what the mix's shares leave room for.
Order& buy_something(Scene& scene) {
  if (scene.memory.visitors.empty()) meet_visitor(scene);
  Visitor& visitor = scene.memory.visitors.pick(scene.random);
  const Customer customer = become_customer(scene, visitor);
  Session session;
  session.shop = visitor.shop;
  session.visitor = visitor.id;
  const Cart cart = invent_cart(scene.world, session, scene.now, scene.random);
  Order order = invent_order(scene.world, cart, customer, scene.now, scene.random, scene.ids);
  order.session.reset();
  if (scene.random.chance(0.1)) order.visitor.reset();  // found out later, by the session's cookie
  order.fulfillment.clear();
  write(scene.rows(), scene.world, order);
  write_children(scene.rows(), scene.world, order, scene.random, scene.ids);
  return scene.memory.orders.add(std::move(order));
}

void fill_carts(Scene& scene, std::int64_t changes) {
  for (; changes > 0; --changes) {
    const double kind = scene.random.unit();
    if (kind < 0.36 || scene.memory.baskets.empty()) {
      begin_cart(scene);
      continue;
    }
    Basket& basket = scene.memory.baskets.pick(scene.random);
    if (kind < 0.56) {
      change_cart(scene, basket.cart);
    } else if (kind < 0.72 && !basket.checkout) {
      basket.checkout = invent_checkout(scene.world, basket.cart, scene.now, scene.random);
      write(scene.rows(), scene.world, *basket.checkout);
    } else if (kind < 0.92 && basket.checkout && !basket.checkout->payment) {
      advance_checkout(scene, *basket.checkout);
    } else {
      abandon_cart(scene);
    }
  }
}

void place_orders(Scene& scene, std::int64_t changes) {
  for (const std::int64_t until = scene.batch.changes() + changes; scene.batch.changes() < until;
       scene.batch.commit()) {
    const double kind = scene.random.unit();
    if (kind < 0.55 || scene.memory.orders.empty()) {
      buy_something(scene);
    } else if (kind < 0.85) {
      fulfil_order(scene);
    } else if (kind < 0.93 || scene.memory.pending_refunds.empty()) {
      ask_for_refund(scene);
    } else {
      settle_refund(scene);
    }
  }
}

void do_the_rest(Scene& scene, std::int64_t changes) {
  for (; changes > 0; --changes) {
    const double kind = scene.random.unit();
    const auto& variant = scene.random.pick(scene.world.variants);
    if (kind < 0.7) {
      meet_visitor(scene);
    } else if (kind < 0.85) {
      scene.batch.run(
          fmt::format(
              "UPDATE app.product_variants SET inventory_quantity = {}, updated_at = {} WHERE id = {}",
              scene.random.between(0, 500), when(scene.now), variant.id),
          1);
    } else if (kind < 0.9) {
      scene.batch.run(
          fmt::format("UPDATE app.products SET tags = '{{all,week-{}}}', updated_at = {} WHERE id = {}",
                      scene.random.between(1, 52), when(scene.now), variant.product_id),
          1);
    } else if (kind < 0.95) {
      const auto& user = scene.random.pick(scene.random.pick(scene.world.workspaces).users);
      scene.batch.run(fmt::format("UPDATE app.users SET last_login_at = {}, updated_at = {} WHERE id = {}",
                                  when(scene.now), when(scene.now), quoted(user)),
                      1);
    } else {
      scene.batch.run(
          fmt::format("UPDATE app.ad_accounts SET last_synced_at = {}, updated_at = {} WHERE id = {}",
                      when(scene.now), when(scene.now), scene.random.pick(scene.world.accounts).id),
          1);
    }
  }
}

}  // namespace freshet::adshop
