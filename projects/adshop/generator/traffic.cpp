#include "traffic.h"

#include <fmt/format.h>

#include <array>

#include "words.h"

namespace freshet::adshop {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string_view click_id_type(std::string_view platform) {
  if (platform == "google") return "gclid";
  if (platform == "meta") return "fbclid";
  if (platform == "tiktok") return "ttclid";
  if (platform == "microsoft") return "msclkid";
  return "other";
}

std::string_view paid_channel(std::string_view platform) {
  if (platform == "google" || platform == "microsoft") return "paid_search";
  if (platform == "meta" || platform == "tiktok" || platform == "pinterest") return "paid_social";
  return "paid_other";
}

std::string invent_ip(Random& random) {
  if (random.chance(0.15))
    return fmt::format("2001:db8:{:x}::{:x}/128", random.between(1, 0xffff), random.between(1, 0xffff));
  return fmt::format("198.51.{}.{}/32", random.between(0, 255), random.between(1, 254));
}

struct Page {
  std::string_view type;
  std::string path;
  std::string title;
};

Page page_of(const World& world, const PageView& view) {
  if (view.type == "product") {
    const Variant& variant = world.variants[*view.variant];
    return {"product", "/products/" + variant.handle, variant.title};
  }
  if (view.type == "collection") return {"collection", "/collections/all", "All products"};
  if (view.type == "cart") return {"cart", "/cart", "Your cart"};
  if (view.type == "checkout") return {"checkout", "/checkout", "Checkout"};
  if (view.type == "thank_you") return {"thank_you", "/thank-you", "Thank you"};
  if (!view.search.empty()) return {"other", "/search", "Search: " + view.search};
  return {"home", "/", world.shops[view.shop].name};
}

}  // namespace

void write(Rows& rows, const World& world, const Visitor& visitor) {
  rows.begin(Table::visitors)
      .uuid(visitor.id)
      .uuid(world.workspace_of(world.shops[visitor.shop]))
      .integer(world.shops[visitor.shop].id)
      .integer(visitor.customer)
      .uuid(visitor.merged_into)
      .instant(visitor.first_seen)
      .instant(visitor.last_seen)
      .text(visitor.landing_url)
      .text_or_null(visitor.utm_source.empty() ? ""
                                               : fmt::format(R"({{"source": "{}"}})", visitor.utm_source))
      .text_or_null(visitor.referrer)
      .text(visitor.ip)
      .bytes(visitor.fingerprint)
      .text("granted")
      .text(visitor.country)
      .instant(visitor.first_seen)
      .instant(visitor.last_seen)
      .end();
}

void write(Rows& rows, const World& world, const Click& click) {
  const Ad& ad = world.ads[click.ad];
  const Account& account = world.accounts[ad.account];
  const Shop& shop = world.shops[account.shop];
  const Instant received = click.occurred + milliseconds(180);
  rows.begin(Table::ad_clicks)
      .uuid(click.id)
      .uuid(world.workspace_of(shop))
      .integer(click.ad_known ? std::optional(ad.id) : std::nullopt)
      .uuid(click.visitor)
      .text(account.platform)
      .text(ad.external_id)
      .text(click_id_type(account.platform))
      .text(click.click_id)
      .instant(click.occurred)
      .instant(received)
      .text(fmt::format("https://{}/?{}={}", shop.domain, click_id_type(account.platform), click.click_id))
      .text(fmt::format(R"({{"source": "{}", "medium": "paid", "campaign": "{}"}})", account.platform,
                        ad.campaign))
      .text(fmt::format("https://{}.example/", account.platform))
      .text(click.ip)
      .text(click.is_bot ? "bot/1.0" : "Mozilla/5.0 (compatible)")
      .boolean(click.is_bot)
      .instant(received)
      .instant(received)
      .end();
}

void write(Rows& rows, const World& world, const Session& session) {
  const Shop& shop = world.shops[session.shop];
  rows.begin(Table::sessions)
      .uuid(session.id)
      .uuid(world.workspace_of(shop))
      .integer(shop.id)
      .uuid(session.visitor)
      .uuid(session.click)
      .instant(session.started)
      .instant(session.ended ? std::optional(session.last_activity) : std::nullopt)
      .instant(session.last_activity)
      .text(session.landing_path)
      .text_or_null(session.referrer)
      .text_or_null(session.source)
      .text_or_null(session.medium)
      .text_or_null(session.campaign)
      .text_or_null(session.content)
      .text_or_null(session.channel)
      .text(session.device)
      .text(session.browser)
      .text(session.ip)
      .text(session.country)
      .boolean(session.is_bot)
      .integer(session.page_views)
      .boolean(session.is_new_visitor)
      .instant(session.started)
      .instant(session.last_activity)
      .end();
}

void write(Rows& rows, const World& world, const PageView& view) {
  const Shop& shop = world.shops[view.shop];
  const Page page = page_of(world, view);
  const Variant* variant = view.variant ? &world.variants[*view.variant] : nullptr;
  const Instant received = view.occurred + milliseconds(90);
  rows.begin(Table::page_views)
      .integer(view.id)
      .uuid(world.workspace_of(shop))
      .integer(shop.id)
      .uuid(view.session)
      .uuid(view.visitor)
      .integer(variant ? std::optional(variant->product_id) : std::nullopt)
      .instant(view.occurred)
      .instant(received)
      .text(page.type)
      .text("https://" + shop.domain + page.path)
      .text(page.path)
      .text(page.title)
      .integer(variant ? std::optional(variant->id) : std::nullopt)
      .text_or_null(view.search)
      .integer(view.engaged_ms)
      .real(view.scroll)
      .null()
      .instant(received)
      .instant(received)
      .end();
}

void write(Rows& rows, const World& world, const Impression& impression) {
  const Ad& ad = world.ads[impression.ad];
  const Shop& shop = world.shop_of(ad);
  const Instant received = impression.occurred + milliseconds(60);
  rows.begin(Table::ad_impressions)
      .integer(impression.id)
      .uuid(world.workspace_of(shop))
      .integer(ad.id)
      .text(ad.external_id)
      .uuid(impression.visitor)
      .instant(impression.occurred)
      .text(impression.placement)
      .text(impression.device)
      .text(shop.country)
      .boolean(impression.viewable)
      .integer(impression.cost_micros)
      .null()
      .instant(received)
      .instant(received)
      .end();
}

Origin invent_origin(const World& world, const Shop& shop, Random& random) {
  static constexpr std::array<double, 8> kWeights = {38, 24, 14, 8, 6, 4, 4, 2};
  switch (random.weighted(kWeights)) {
    case 0: {
      const std::size_t index = shop.ads[random.skewed(shop.ads.size())];
      const Ad& ad = world.ads[index];
      const std::string& platform = world.accounts[ad.account].platform;
      return {index,
              platform,
              "paid",
              ad.campaign,
              std::to_string(ad.id),
              std::string(paid_channel(platform)),
              fmt::format("https://{}.example/", platform)};
    }
    case 1: return {{}, "", "", "", "", "direct", ""};
    case 2: return {{}, "", "", "", "", "organic_search", "https://www.google.com/"};
    case 3: return {{}, "newsletter", "email", "weekly", "", "email", ""};
    case 4: return {{}, "", "", "", "", "organic_social", "https://www.instagram.com/"};
    case 5: return {{}, "", "", "", "", "referral", "https://blog.example/review"};
    case 6: return {{}, "Facebook ", "Paid", "untagged", "", "paid_social", "https://l.facebook.com/"};
    default: return {{}, "sms", "sms", "flash-sale", "", "sms", ""};
  }
}

Visitor invent_visitor(const World& world, std::size_t shop, const Origin& origin, Instant now,
                       Random& random) {
  Visitor visitor;
  visitor.id = random.uuid();
  visitor.shop = shop;
  visitor.first_seen = visitor.last_seen = now;
  visitor.landing_url = "https://" + world.shops[shop].domain + "/";
  visitor.utm_source = origin.source;
  visitor.referrer = origin.referrer;
  visitor.ip = invent_ip(random);
  visitor.fingerprint = random.bytes(16);
  visitor.country =
      random.chance(0.85) ? world.shops[shop].country : std::string(random.pick(words::kCountries));
  static constexpr std::array<double, 4> kDeviceWeights = {62, 32, 5, 1};
  visitor.device = words::kDevices[random.weighted(kDeviceWeights)];
  visitor.browser = random.pick(words::kBrowsers);
  return visitor;
}

Click invent_click(const World& world, std::size_t ad, const std::optional<Uuid>& visitor, Instant now,
                   Random& random) {
  Click click;
  click.id = random.uuid();
  click.ad = ad;
  click.visitor = visitor;
  click.ad_known = random.chance(0.9);
  click.occurred = now;
  const bool facebook = world.accounts[world.ads[ad].account].platform == "meta";
  click.click_id = (facebook ? "IwAR" : "Cj0K") + random.letters(32);
  click.ip = invent_ip(random);
  click.is_bot = random.chance(0.02);
  return click;
}

Session invent_session(const Visitor& visitor, const Origin& origin, Instant now, Random& random) {
  Session session;
  session.id = random.uuid();
  session.shop = visitor.shop;
  session.visitor = visitor.id;
  session.started = session.last_activity = now;
  session.landing_path = "/";
  session.referrer = origin.referrer;
  session.source = origin.source;
  session.medium = origin.medium;
  session.campaign = origin.campaign;
  session.content = origin.content;
  session.channel = origin.channel;
  session.device = visitor.device;
  session.browser = visitor.browser;
  session.ip = random.chance(0.8) ? visitor.ip : invent_ip(random);
  session.country = visitor.country;
  session.is_bot = random.chance(0.015);
  session.is_new_visitor = visitor.first_seen == now;
  return session;
}

PageView invent_page_view(const World& world, const Session& session, std::int64_t place, Instant now,
                          Random& random, Ids& ids) {
  PageView view;
  view.id = ids.next(Table::page_views);
  view.shop = session.shop;
  view.session = session.id;
  view.visitor = session.visitor;
  view.occurred = now;
  view.engaged_ms = static_cast<std::int64_t>(random.exponential(25'000));
  view.scroll = static_cast<double>(random.between(0, 1000)) / 1000;
  const double kind = random.unit();
  if (place == 0 && kind < 0.4) {
    view.type = "home";
  } else if (kind < 0.6) {
    const auto& variants = world.shops[session.shop].variants;
    view.type = "product";
    view.variant = variants[random.skewed(variants.size())];
  } else if (kind < 0.9) {
    view.type = "collection";
  } else {
    view.type = "other";
    view.search = random.pick(words::kSearches);
  }
  return view;
}

Impression invent_impression(std::size_t ad, Instant now, Random& random, Ids& ids) {
  Impression impression;
  impression.id = ids.next(Table::ad_impressions);
  impression.ad = ad;
  impression.occurred = now;
  impression.placement = random.pick(words::kPlacements);
  impression.device = random.chance(0.7) ? "mobile" : "desktop";
  impression.viewable = random.chance(0.72);
  impression.cost_micros = random.between(800, 12'000);
  return impression;
}

}  // namespace freshet::adshop
