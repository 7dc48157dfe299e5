// Live page views, impressions, clicks and sessions. Of mix.h.
#include <fmt/format.h>

#include "mix.h"

namespace freshet::adshop {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// So many sessions are open at least before anything is seen in them.
constexpr std::size_t kFewestSessions = 50;

std::size_t some_shop(Scene& scene) {
  return static_cast<std::size_t>(
      scene.random.between(0, static_cast<std::int64_t>(scene.world.shops.size()) - 1));
}

// Within the last two seconds: collectors send what they have every now and then.
Instant lately(Scene& scene) {
  return scene.now - Micros(scene.random.between(0, 2'000'000));
}

// Last activity and page count of `count` sessions; of some the channel, decided late, or the end.
void touch_sessions(Scene& scene, std::size_t count) {
  ManyRowUpdate update(
      "UPDATE app.sessions s SET last_activity_at = v.at::timestamptz, page_view_count = v.pages::int, "
      "channel = v.channel::app.channel, ended_at = v.ended::timestamptz, updated_at = v.at::timestamptz",
      "AS v (id, at, pages, channel, ended) WHERE s.id = v.id::uuid");
  scene.memory.sessions.some(scene.random, count, [&](Session& session) {
    session.last_activity = scene.now;
    if (session.channel.empty()) session.channel = session.source.empty() ? "direct" : "referral";
    const bool ended = scene.random.chance(0.05);
    update.row()
        .uuid(session.id)
        .instant(session.last_activity)
        .integer(session.page_views)
        .text(session.channel)
        .instant(ended ? std::optional(scene.now) : std::nullopt)
        .end();
  });
  update.run(scene.batch);
}

// The platform's ad became known: clicks from before get their ad_id.
void fill_clicks(Scene& scene, std::int64_t count) {
  ManyRowUpdate update(
      "UPDATE app.ad_clicks c SET ad_id = v.ad::bigint, updated_at = v.at::timestamptz",
      "AS v (id, occurred, ad, at) WHERE c.id = v.id::uuid AND c.occurred_at = v.occurred::timestamptz");
  for (; count > 0 && !scene.memory.unknown_clicks.empty(); --count) {
    const Click click = scene.memory.unknown_clicks.take(scene.random);
    update.row()
        .uuid(click.id)
        .instant(click.occurred)
        .integer(scene.world.ads[click.ad].id)
        .instant(scene.now)
        .end();
  }
  update.run(scene.batch);
}

}  // namespace

Visitor& meet_visitor(Scene& scene) {
  const std::size_t shop = some_shop(scene);
  const Origin origin = invent_origin(scene.world, scene.world.shops[shop], scene.random);
  Visitor visitor = invent_visitor(scene.world, shop, origin, scene.now, scene.random);
  write(scene.rows(), scene.world, visitor);
  return scene.memory.visitors.add(std::move(visitor));
}

Session& begin_session(Scene& scene) {
  Visitor& visitor =
      scene.memory.visitors.empty() ? meet_visitor(scene) : scene.memory.visitors.pick(scene.random);
  const Origin origin = invent_origin(scene.world, scene.world.shops[visitor.shop], scene.random);
  Session session = invent_session(visitor, origin, scene.now, scene.random);
  session.ended = false;
  if (scene.random.chance(0.3)) session.channel.clear();  // decided with the first update
  write(scene.rows(), scene.world, session);
  return scene.memory.sessions.add(std::move(session));
}

void see_pages(Scene& scene, std::int64_t changes) {
  if (scene.memory.sessions.size() < kFewestSessions) {
    for (std::size_t i = 0; i < kFewestSessions; ++i) begin_session(scene);
    scene.batch.commit();
  }
  for (; changes > 0; --changes) {
    Session& session = scene.memory.sessions.pick(scene.random);
    const PageView view =
        invent_page_view(scene.world, session, session.page_views, lately(scene), scene.random, scene.ids);
    ++session.page_views;
    write(scene.rows(), scene.world, view);
    scene.memory.pages.add({view.id, view.occurred});
  }
}

void show_ads(Scene& scene, std::int64_t changes) {
  for (; changes > 0; --changes) {
    const auto& ads = scene.world.shops[some_shop(scene)].ads;
    if (ads.empty()) continue;
    const std::size_t ad = ads[scene.random.skewed(ads.size())];
    Impression impression = invent_impression(ad, lately(scene), scene.random, scene.ids);
    if (scene.random.chance(0.3) && !scene.memory.visitors.empty()) {
      impression.visitor = scene.memory.visitors.pick(scene.random).id;
    }
    write(scene.rows(), scene.world, impression);
  }
}

void keep_sessions(Scene& scene, std::int64_t changes) {
  std::int64_t fresh = 0;
  for (std::int64_t i = 0; i < changes; ++i) fresh += scene.random.chance(0.25);
  for (std::int64_t i = 0; i < fresh; ++i) begin_session(scene);
  touch_sessions(scene, static_cast<std::size_t>(changes - fresh));
}

void click_ads(Scene& scene, std::int64_t changes) {
  for (std::int64_t i = 0; i < changes; ++i) {
    const auto& ads = scene.world.shops[some_shop(scene)].ads;
    if (ads.empty()) continue;
    if (scene.random.chance(0.1)) {
      fill_clicks(scene, 1);
      continue;
    }
    std::optional<Uuid> visitor;
    if (scene.random.chance(0.8) && !scene.memory.visitors.empty()) {
      visitor = scene.memory.visitors.pick(scene.random).id;
    }
    const Click click =
        invent_click(scene.world, ads[scene.random.skewed(ads.size())], visitor, lately(scene), scene.random);
    write(scene.rows(), scene.world, click);
    if (!click.ad_known) scene.memory.unknown_clicks.add(click);
  }
}

}  // namespace freshet::adshop
