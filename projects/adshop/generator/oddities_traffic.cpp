// Oddities of visitors, page views and spend. Of oddities.h.
#include <fmt/format.h>

#include "mix.h"
#include "oddities.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;

std::string literal(Instant instant) {
  return "'" + to_text(instant) + "'";
}
std::string literal(const Uuid& id) {
  return "'" + to_text(id) + "'";
}

std::string page_key(const SeenPage& page) {
  return fmt::format("id = {} AND occurred_at = {}", page.id, literal(page.occurred));
}

}  // namespace

// The account turns out to lie in a zone of half hours: the row keeps its figures, its old key is gone.
void move_spend_to_another_hour(Scene& scene) {
  if (scene.memory.spend.empty()) return;
  const SpendHour spend = scene.memory.spend.take(scene.random);
  const Spender& spender = scene.world.spenders[spend.spender];
  const Instant moved = spend.hour + std::chrono::minutes(30);
  scene.batch.run(
      fmt::format("UPDATE app.ad_spend_hourly SET hour_start = {}, updated_at = {} WHERE entity_level = '{}' "
                  "AND entity_id = {} AND hour_start = {}",
                  literal(moved), literal(scene.now), scene.world.accounts[spender.account].level, spender.id,
                  literal(spend.hour)),
      1);
}

void roll_back_a_visit(Scene& scene) {
  if (scene.memory.visitors.empty() || scene.memory.sessions.empty()) return;
  const Visitor& visitor = scene.memory.visitors.pick(scene.random);
  const Origin origin = invent_origin(scene.world, scene.world.shops[visitor.shop], scene.random);
  Session session = invent_session(visitor, origin, scene.now, scene.random);
  write(scene.rows(), scene.world, session);
  for (int page = 0; page < 3; ++page) {
    write(scene.rows(), scene.world,
          invent_page_view(scene.world, session, page, scene.now, scene.random, scene.ids));
  }
  scene.batch.run(
      fmt::format("UPDATE app.visitors SET consent = 'denied' WHERE id = {}", literal(visitor.id)));
  scene.batch.rollback();
}

// A clock that was wrong is corrected: the row leaves one partition for another.
void move_page_view_to_another_month(Scene& scene) {
  if (scene.memory.pages.empty()) return;
  SeenPage& page = scene.memory.pages.pick(scene.random);
  const Instant moved = page.occurred + days(scene.random.chance(0.5) ? 31 : -31);
  scene.batch.run(fmt::format("UPDATE app.page_views SET occurred_at = {}, updated_at = {} WHERE {}",
                              literal(moved), literal(scene.now), page_key(page)),
                  1);
  page.occurred = moved;
}

void delete_page_view(Scene& scene) {
  if (scene.memory.pages.empty()) return;
  const SeenPage page = scene.memory.pages.take(scene.random);
  scene.batch.run("DELETE FROM app.page_views WHERE " + page_key(page), 1);
}

void delete_and_insert_page_view(Scene& scene) {
  if (scene.memory.pages.empty() || scene.memory.sessions.empty()) return;
  const SeenPage page = scene.memory.pages.pick(scene.random);
  scene.batch.run("DELETE FROM app.page_views WHERE " + page_key(page), 1);
  PageView view = invent_page_view(scene.world, scene.memory.sessions.pick(scene.random), 1, page.occurred,
                                   scene.random, scene.ids);
  view.id = page.id;
  write(scene.rows(), scene.world, view);
}

// Two browsers prove to be one person: the younger one points to the older.
void merge_visitors(Scene& scene) {
  if (scene.memory.visitors.size() < 10) return;
  const Visitor merged = scene.memory.visitors.take(scene.random);
  const Visitor& kept = scene.memory.visitors.pick(scene.random);
  scene.batch.run(
      fmt::format("UPDATE app.visitors SET merged_into_visitor_id = {}, customer_id = {}, updated_at = {} "
                  "WHERE id = {}",
                  literal(kept.id), kept.customer ? std::to_string(*kept.customer) : "NULL",
                  literal(scene.now), literal(merged.id)),
      1);
}

void log_in(Scene& scene) {
  if (scene.memory.visitors.empty()) return;
  Visitor& visitor = scene.memory.visitors.pick(scene.random);
  visitor.customer.reset();
  become_customer(scene, visitor);
}

// Today's rates come again, estimated at first and then corrected; older ones are never touched.
void publish_rates(Scene& scene) {
  const std::int64_t rate =
      exchange_rate(static_cast<std::uint64_t>(scene.random.between(1, 1000)), "USD", "EUR", scene.now);
  scene.batch.run(
      fmt::format(
          "INSERT INTO app.exchange_rates (base_currency, quote_currency, rate_date, rate, source, "
          "fetched_at, is_estimated) VALUES ('USD', 'EUR', '{}', {}.{:010}, 'ecb', {}, true) "
          "ON CONFLICT (base_currency, quote_currency, rate_date) DO UPDATE SET rate = excluded.rate, "
          "fetched_at = excluded.fetched_at, updated_at = excluded.fetched_at",
          date_text(scene.now), rate / 10'000'000'000, rate % 10'000'000'000, literal(scene.now)),
      1);
}

// The version in force is edited, which re-opens what it governs.
void edit_settings(Scene& scene) {
  const Shop& shop = scene.random.pick(scene.world.shops);
  scene.batch.run(
      fmt::format("UPDATE app.attribution_settings SET click_lookback = '{} days', updated_at = {} WHERE "
                  "shop_id = {} AND effective_from = (SELECT max(effective_from) FROM "
                  "app.attribution_settings WHERE shop_id = {})",
                  scene.random.pick(std::array{7, 14, 28}), literal(scene.now), shop.id, shop.id),
      1);
}

}  // namespace freshet::adshop
