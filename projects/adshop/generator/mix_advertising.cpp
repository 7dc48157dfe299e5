// Live spend: new hours, and hours restated. Of mix.h.
#include <fmt/format.h>

#include "mix.h"

namespace freshet::adshop {
namespace {

using std::chrono::floor;
using std::chrono::hours;

void insert_spend(Scene& scene, std::size_t spender, Instant hour) {
  const SpendHour spend = invent_spend(scene.world, spender, hour, scene.random);
  write(scene.rows(), scene.world, spend, scene.now);
  scene.memory.spend.add(spend);
}

// Hours that have passed since the last report, all spenders at once.
bool report_passed_hour(Scene& scene) {
  const Instant next = scene.memory.newest_spend + hours(1);
  if (next >= floor<hours>(scene.now)) return false;
  for (std::size_t i = 0; i < scene.world.spenders.size(); ++i) {
    if (reports(scene.world, scene.world.spenders[i], next)) insert_spend(scene, i, next);
  }
  scene.memory.newest_spend = next;
  return true;
}

// There are more changes to make than hours that pass: the platform's older hours are loaded, one by one
// backwards.
void backfill_hour(Scene& scene) {
  Memory& memory = scene.memory;
  for (int tries = 0; tries < 1000; ++tries) {
    const std::size_t spender = memory.next_spender++;
    const Instant hour = memory.oldest_spend - hours(1);
    if (memory.next_spender >= scene.world.spenders.size()) {
      memory.next_spender = 0;
      memory.oldest_spend = hour;
    }
    if (!reports(scene.world, scene.world.spenders[spender], hour)) continue;
    insert_spend(scene, spender, hour);
    return;
  }
}

void restate(Scene& scene, std::size_t count) {
  ManyRowUpdate update(
      "UPDATE app.ad_spend_hourly s SET spend = s.spend * v.factor::numeric(5,3), "
      "link_clicks = greatest(0, s.link_clicks - v.invalid::int), updated_at = v.at::timestamptz",
      "AS v (level, id, hour, factor, invalid, at) WHERE s.entity_level = v.level::app.ad_level AND "
      "s.entity_id = "
      "v.id::bigint AND s.hour_start = v.hour::timestamptz");
  scene.memory.spend.some(scene.random, count, [&](const SpendHour& spend) {
    const Spender& spender = scene.world.spenders[spend.spender];
    update.row()
        .text(scene.world.accounts[spender.account].level)
        .integer(spender.id)
        .instant(spend.hour)
        .decimal(scene.random.between(950, 1'020), 3)
        .integer(scene.random.between(0, 3))
        .instant(scene.now)
        .end();
  });
  update.run(scene.batch);
}

}  // namespace

void report_spend(Scene& scene, std::int64_t changes) {
  if (scene.world.spenders.empty() || report_passed_hour(scene)) return;
  const std::int64_t restated = (changes + scene.random.between(0, 1)) / 2;
  for (std::int64_t i = restated; i < changes; ++i) backfill_hour(scene);
  restate(scene, static_cast<std::size_t>(restated));
}

}  // namespace freshet::adshop
