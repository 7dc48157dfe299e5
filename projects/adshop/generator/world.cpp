// Inventing the world: build_world() of world.h, tenant by tenant.
#include "world.h"

#include <fmt/format.h>

#include "words.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

struct ShopPlan {
  std::string_view name;
  std::string_view platform;
  std::string_view currency;
  std::string_view timezone;
  std::string_view country;
  std::string_view presentment;
  bool taxes_included;
  std::int64_t tax_rate;  // in units of 0.00001
};

// Two by two they belong to a workspace. Half-hour zones and a currency without cents are there on purpose.
constexpr ShopPlan kShops[] = {
    {"Maple & Main", "shopify", "USD", "America/New_York", "US", "CAD", false, 8'000},
    {"Pacific Outfitters", "shopify", "USD", "America/Los_Angeles", "US", "MXN", false, 9'500},
    {"Lichtblick", "shopify", "EUR", "Europe/Berlin", "DE", "CHF", true, 19'000},
    {"Kumo", "bigcommerce", "JPY", "Asia/Tokyo", "JP", "USD", true, 10'000},
    {"Thames Trading", "woocommerce", "GBP", "Europe/London", "GB", "EUR", true, 20'000},
    {"Banyan House", "magento", "INR", "Asia/Kolkata", "IN", "USD", true, 18'000},
};

struct AccountPlan {
  std::size_t shop;
  std::string_view platform;
  std::string_view timezone;
  std::string_view level;
  bool by_day;
};

constexpr AccountPlan kAccounts[] = {
    {0, "meta", "America/Los_Angeles", "ad", false},
    {0, "google", "America/New_York", "ad_set", false},
    {1, "meta", "America/Los_Angeles", "ad", false},
    {1, "tiktok", "UTC", "campaign", false},
    {2, "google", "Europe/Berlin", "ad_set", false},
    {2, "pinterest", "UTC", "campaign", true},
    {3, "meta", "Asia/Tokyo", "ad", false},
    {4, "google", "Europe/London", "ad", false},
    {4, "microsoft", "Europe/London", "ad_set", false},
    {5, "meta", "Asia/Kolkata", "ad", false},
};

constexpr int kProductsPerShop = 60;
constexpr int kCampaignsPerAccount = 4;

std::string slug_of(std::string_view name) {
  std::string slug;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      slug += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  return slug;
}

// 18 digits: more than a double holds exactly.
std::string external_id(Random& random) {
  return std::to_string(random.between(100'000'000'000'000'000, 999'999'999'999'999'999));
}

class Builder {
 public:
  Builder(Random& random, Rows& rows, Ids& ids, Instant start)
      : random_(random), rows_(rows), ids_(ids), start_(start) {}

  World build() {
    for (std::size_t i = 0; i < std::size(kShops); i += 2) add_workspace(kShops[i].name, kShops[i].currency);
    for (std::size_t i = 0; i < std::size(kShops); ++i) add_shop(kShops[i], i / 2);
    for (const AccountPlan& plan : kAccounts) add_account(plan);
    return std::move(world_);
  }

 private:
  Instant long_ago() { return start_ - days(random_.between(30, 700)) - minutes(random_.between(0, 1439)); }

  void add_workspace(std::string_view name, std::string_view currency) {
    Workspace workspace{.id = random_.uuid(), .users = {}};
    const Instant made = long_ago();
    rows_.begin(Table::workspaces)
        .uuid(workspace.id)
        .text(fmt::format("{} Group", name))
        .text(slug_of(name))
        .text("growth")
        .text(currency)
        .integer(random_.between(0, 1))
        .text(R"({"theme": "light", "digest": {"hour": 7}})")
        .text(array_text({"new_funnel", "model_comparison"}))
        .null()
        .instant(made)
        .instant(made)
        .end();
    for (int i = 0; i < 5; ++i) workspace.users.push_back(add_user(workspace.id, i));
    world_.workspaces.push_back(std::move(workspace));
  }

  Uuid add_user(const Uuid& workspace, int place) {
    const Uuid id = random_.uuid();
    const auto first = random_.pick(words::kFirstNames);
    const auto last = random_.pick(words::kLastNames);
    const Instant made = long_ago();
    rows_.begin(Table::users)
        .uuid(id)
        .uuid(workspace)
        .text(fmt::format("{}.{}@example.com", slug_of(first), slug_of(last)))
        .text(fmt::format("{} {}", first, last))
        .text(place == 0   ? "owner"
              : place == 1 ? "admin"
                           : "analyst")
        .bytes(random_.bytes(32))
        .text("en")
        .boolean(true)
        .instant(start_ - hours(random_.between(1, 200)))
        .text(fmt::format("192.0.2.{}/32", random_.between(1, 254)))
        .text(R"({"email": true, "slack": false})")
        .instant(made)
        .instant(made)
        .end();
    return id;
  }

  void add_shop(const ShopPlan& plan, std::size_t workspace) {
    Shop shop;
    shop.id = ids_.next(Table::shops);
    shop.workspace = workspace;
    shop.name = plan.name;
    shop.domain = slug_of(plan.name) + ".example";
    shop.currency = plan.currency;
    shop.timezone = plan.timezone;
    shop.country = plan.country;
    shop.presentment_currency = plan.presentment;
    shop.taxes_included = plan.taxes_included;
    shop.tax_rate = plan.tax_rate;
    shop.smallest = plan.currency == "JPY" ? 100 : 1;
    const Instant made = long_ago();
    const Uuid& owner = world_.workspaces[workspace].id;
    rows_.begin(Table::shops)
        .integer(shop.id)
        .uuid(owner)
        .text(plan.platform)
        .text(external_id(random_))
        .text(shop.domain)
        .text(shop.name)
        .text(shop.currency)
        .text(shop.timezone)
        .boolean(shop.taxes_included)
        .text(array_text({shop.currency, shop.presentment_currency}))
        .text(shop.country)
        .instant(made)
        .text(R"({"plan": "plus"})")
        .instant(made)
        .instant(made)
        .end();
    add_settings(shop, made);
    world_.shops.push_back(std::move(shop));
    for (int i = 0; i < kProductsPerShop; ++i) add_product(world_.shops.size() - 1);
  }

  // Two versions each: the one from the start, and an edit some weeks ago.
  void add_settings(const Shop& shop, Instant made) {
    const Instant edited = start_ - days(random_.between(5, 25));
    for (const Instant from : {made, edited}) {
      rows_.begin(Table::attribution_settings)
          .uuid(world_.workspaces[shop.workspace].id)
          .integer(shop.id)
          .instant(from)
          .text("last_non_direct")
          .text(from == made ? "28 days" : "14 days")
          .text("7 days")
          .text("{0.4000,0.2000,0.4000}")
          .text(R"({"newsletter": "email"})")
          .uuid(world_.workspaces[shop.workspace].users.front())
          .instant(from)
          .instant(from)
          .end();
    }
  }

  void add_product(std::size_t shop_index) {
    Shop& shop = world_.shops[shop_index];
    const Uuid& workspace = world_.workspaces[shop.workspace].id;
    const std::int64_t id = ids_.next(Table::products);
    const auto thing = random_.pick(words::kThings);
    const std::string title = fmt::format("{} {}", random_.pick(words::kStyles), thing);
    const std::string handle = fmt::format("{}-{}", slug_of(title), id);
    const Instant made = long_ago();
    rows_.begin(Table::products)
        .integer(id)
        .uuid(workspace)
        .integer(shop.id)
        .text(external_id(random_))
        .text(title)
        .text(handle)
        .text(shop.name)
        .text(thing)
        .text("active")
        .text(array_text({slug_of(thing), "all"}))
        .text(R"([{"name": "Size"}])")
        .instant(made)
        .instant(made)
        .instant(made)
        .end();
    // The world's prices are of one size in every currency's usual numbers.
    const Cents unit = shop.currency == "JPY" || shop.currency == "INR" ? 100 * 100 : 100;
    const Cents price = random_.between(9, 180) * unit - (shop.smallest == 1 ? 1 : 0);
    const std::int64_t variants = random_.between(1, 5);
    for (std::int64_t i = 0; i < variants; ++i) add_variant(shop, workspace, id, title, handle, price, made);
  }

  void add_variant(Shop& shop, const Uuid& workspace, std::int64_t product, const std::string& title,
                   const std::string& handle, Cents price, Instant made) {
    Variant variant;
    variant.id = ids_.next(Table::product_variants);
    variant.product_id = product;
    variant.price = price;
    variant.unit_cost = price * random_.between(25, 55);  // cents x percent = units of 0.0001
    variant.title = title;
    variant.handle = handle;
    variant.sku = fmt::format("SKU-{:06}", variant.id);
    rows_.begin(Table::product_variants)
        .integer(variant.id)
        .uuid(workspace)
        .integer(product)
        .text(external_id(random_))
        .text(variant.sku)
        .text(random_.pick(words::kVariants))
        .money(price)
        .money(random_.chance(0.2) ? std::optional<Cents>(price + price / 5 / shop.smallest * shop.smallest)
                                   : std::nullopt)
        .decimal(variant.unit_cost, 4)
        .real(static_cast<double>(random_.between(80, 4000)) / 3)
        .text(std::to_string(random_.between(4'000'000'000'000, 4'999'999'999'999)))
        .integer(random_.between(0, 500))
        .instant(made)
        .instant(made)
        .end();
    shop.variants.push_back(world_.variants.size());
    world_.variants.push_back(std::move(variant));
  }

  void add_account(const AccountPlan& plan) {
    Account account;
    account.id = ids_.next(Table::ad_accounts);
    account.shop = plan.shop;
    account.platform = plan.platform;
    account.currency = kShops[plan.shop].currency;
    account.timezone = plan.timezone;
    account.level = plan.level;
    account.by_day = plan.by_day;
    const Shop& shop = world_.shops[plan.shop];
    const Instant made = long_ago();
    rows_.begin(Table::ad_accounts)
        .integer(account.id)
        .uuid(world_.workspace_of(shop))
        .integer(shop.id)
        .text(account.platform)
        .text(external_id(random_))
        .text(fmt::format("{} ({})", shop.name, account.platform))
        .text(account.currency)
        .text(account.timezone)
        .text("active")
        .bytes(random_.bytes(48))
        .instant(start_)
        .text(fmt::format(R"({{"after": "{}"}})", random_.letters(12)))
        .instant(made)
        .instant(made)
        .end();
    world_.accounts.push_back(std::move(account));
    for (int i = 0; i < kCampaignsPerAccount; ++i) add_campaign(world_.accounts.size() - 1);
  }

  void add_campaign(std::size_t account_index) {
    const Account& account = world_.accounts[account_index];
    const Uuid& workspace = world_.workspace_of(world_.shops[account.shop]);
    const std::int64_t id = ids_.next(Table::campaigns);
    const auto objective = random_.pick(words::kObjectives);
    const std::string name = fmt::format("{}_{}_{}", account.platform, objective, id);
    const Instant made = long_ago();
    rows_.begin(Table::campaigns)
        .integer(id)
        .uuid(workspace)
        .integer(account.id)
        .text(external_id(random_))
        .text(name)
        .text(objective)
        .text("active")
        .text("auction")
        .money(random_.between(20, 400) * 100)
        .text("lowest_cost")
        .date(made)
        .text(array_text({objective}))
        .instant(made)
        .instant(made)
        .end();
    if (account.level == "campaign") world_.spenders.push_back({id, account_index, 0.5 + random_.unit()});
    const std::int64_t sets = random_.between(2, 3);
    for (std::int64_t i = 0; i < sets; ++i) add_ad_set(account_index, workspace, id, name, made);
  }

  void add_ad_set(std::size_t account_index, const Uuid& workspace, std::int64_t campaign,
                  const std::string& name, Instant made) {
    const Account& account = world_.accounts[account_index];
    const std::int64_t id = ids_.next(Table::ad_sets);
    rows_.begin(Table::ad_sets)
        .integer(id)
        .uuid(workspace)
        .integer(campaign)
        .text(external_id(random_))
        .text(fmt::format("{}/{}", name, id))
        .text("active")
        .text("purchase")
        .text(large_document(random_, static_cast<std::size_t>(random_.between(2'000, 20'000))))
        .text(R"([{"event_type": "CLICK_THROUGH", "window_days": 7}])")
        .money(random_.between(10, 120) * 100)
        .instant(made)
        .instant(made)
        .instant(made)
        .end();
    if (account.level == "ad_set") world_.spenders.push_back({id, account_index, 0.5 + random_.unit()});
    const std::int64_t ads = random_.between(2, 4);
    for (std::int64_t i = 0; i < ads; ++i) add_ad(account_index, workspace, id, name, made);
  }

  // One in ten runs an ad that another ad set of the account runs, too, under the platform's same id.
  void add_ad(std::size_t account_index, const Uuid& workspace, std::int64_t ad_set,
              const std::string& campaign, Instant made) {
    Ad ad{.id = ids_.next(Table::ads),
          .account = account_index,
          .external_id = external_id(random_),
          .campaign = campaign};
    const std::size_t shop_index = world_.accounts[account_index].shop;
    auto& ads = world_.shops[shop_index].ads;
    if (!ads.empty() && random_.chance(0.1)) {
      const Ad& other = world_.ads[ads[random_.skewed(ads.size())]];
      if (other.account == account_index && last_ad_set_ != ad_set) ad.external_id = other.external_id;
    }
    last_ad_set_ = ad_set;
    const std::int64_t creative = add_creative(account_index, workspace, made);
    rows_.begin(Table::ads)
        .integer(ad.id)
        .uuid(workspace)
        .integer(ad_set)
        .integer(creative)
        .text(ad.external_id)
        .text(fmt::format("{}/{}", campaign, ad.id))
        .text("active")
        .text("{lpurl}?utm_source={source}&utm_campaign={campaign}")
        .text(fmt::format(R"({{"source": "{}", "medium": "paid", "campaign": "{}"}})",
                          world_.accounts[account_index].platform, campaign))
        .instant(made)
        .instant(made)
        .end();
    if (world_.accounts[account_index].level == "ad") {
      world_.spenders.push_back({ad.id, account_index, 0.5 + random_.unit()});
    }
    ads.push_back(world_.ads.size());
    world_.ads.push_back(std::move(ad));
  }

  std::int64_t add_creative(std::size_t account_index, const Uuid& workspace, Instant made) {
    const Account& account = world_.accounts[account_index];
    const Shop& shop = world_.shops[account.shop];
    const std::int64_t id = ids_.next(Table::creatives);
    const Variant& variant = world_.variants[random_.pick(shop.variants)];
    rows_.begin(Table::creatives)
        .integer(id)
        .uuid(workspace)
        .integer(account.id)
        .text(external_id(random_))
        .text(random_.chance(0.4) ? "video" : "image")
        .text(variant.title)
        .text(fmt::format("Meet the {}. Free returns.", variant.title))
        .text(fmt::format("https://{}/products/{}", shop.domain, variant.handle))
        .text(R"({"ref": "ad"})")
        .text(array_text({fmt::format("https://cdn.example/{}.jpg", random_.letters(10))}))
        .bytes(random_.bytes(8))
        .instant(made)
        .instant(made)
        .end();
    return id;
  }

  Random& random_;
  Rows& rows_;
  Ids& ids_;
  Instant start_;
  World world_;
  std::int64_t last_ad_set_ = 0;
};

}  // namespace

World build_world(Random& random, Rows& rows, Ids& ids, Instant start) {
  return Builder(random, rows, ids, start).build();
}

std::string large_document(Random& random, std::size_t bytes) {
  std::string text = R"({"version": 3, "audiences": [)";
  while (text.size() < bytes) {
    if (text.back() == '}') text += ", ";
    text += fmt::format(R"({{"id": "{}", "hash": "{}", "weight": {}}})",
                        random.between(1'000'000'000, 9'999'999'999), random.letters(40),
                        random.between(1, 1000));
  }
  return text += "]}";
}

}  // namespace freshet::adshop
