// Where shops advertise: accounts on the platforms, and in them campaigns, ad sets, ads and creatives.
#include <fmt/format.h>

#include "words.h"
#include "world_parts.h"

namespace freshet::adshop {
namespace {

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

constexpr int kCampaignsPerAccount = 4;

class Ads {
 public:
  Ads(World& world, Random& random, Rows& rows, Ids& ids, Instant start)
      : world_(world), random_(random), rows_(rows), ids_(ids), start_(start) {}

  void build() {
    for (const AccountPlan& plan : kAccounts) add_account(plan);
  }

 private:
  Instant long_ago() { return long_before(start_, random_); }

  void add_account(const AccountPlan& plan) {
    Account account;
    account.id = ids_.next(Table::ad_accounts);
    account.shop = plan.shop;
    account.platform = plan.platform;
    account.currency = world_.shops[plan.shop].currency;
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

  World& world_;
  Random& random_;
  Rows& rows_;
  Ids& ids_;
  Instant start_;
  std::int64_t last_ad_set_ = 0;
};

}  // namespace

void build_ads(World& world, Random& random, Rows& rows, Ids& ids, Instant start) {
  Ads(world, random, rows, ids, start).build();
}

}  // namespace freshet::adshop
