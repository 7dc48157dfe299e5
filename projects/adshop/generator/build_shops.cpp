// Tenants, their shops, and what these sell.
#include <fmt/format.h>

#include "words.h"
#include "world_parts.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;
using std::chrono::hours;

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

constexpr int kProductsPerShop = 60;

class Shops {
 public:
  Shops(World& world, Random& random, Rows& rows, Ids& ids, Instant start)
      : world_(world), random_(random), rows_(rows), ids_(ids), start_(start) {}

  void build() {
    for (std::size_t i = 0; i < std::size(kShops); i += 2) add_workspace(kShops[i].name, kShops[i].currency);
    for (std::size_t i = 0; i < std::size(kShops); ++i) add_shop(kShops[i], i / 2);
  }

 private:
  Instant long_ago() { return long_before(start_, random_); }

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

  World& world_;
  Random& random_;
  Rows& rows_;
  Ids& ids_;
  Instant start_;
};

}  // namespace

void build_shops(World& world, Random& random, Rows& rows, Ids& ids, Instant start) {
  Shops(world, random, rows, ids, start).build();
}

}  // namespace freshet::adshop
