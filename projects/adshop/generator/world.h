// World: the slow part of the reference domain (tenants, shops, ad accounts, ads, products) in memory, as far
// as traffic needs it. History builds it from the seed, live traffic loads it from the database. Indexes, not
// pointers, refer to its vectors. Owned by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ids.h"
#include "random.h"
#include "row.h"
#include "rows.h"

namespace freshet::postgres {
class Connection;
}

namespace freshet::adshop {

struct Workspace {
  Uuid id{};
  std::vector<Uuid> users;
};

struct Shop {
  std::int64_t id = 0;
  std::size_t workspace = 0;
  std::string domain;
  std::string name;
  std::string currency;
  std::string timezone;
  std::string country;
  std::string presentment_currency;  // the other one in which it shows prices
  bool taxes_included = false;
  std::int64_t tax_rate = 0;  // in units of 0.00001
  Cents smallest = 1;         // 100 where the currency has no cents
  std::vector<std::size_t> variants;
  std::vector<std::size_t> ads;
};

struct Variant {
  std::int64_t id = 0;
  std::int64_t product_id = 0;
  Cents price = 0;
  std::int64_t unit_cost = 0;  // in units of 0.0001
  std::string title;
  std::string handle;
  std::string sku;
};

struct Account {
  std::int64_t id = 0;
  std::size_t shop = 0;
  std::string platform;
  std::string currency;
  std::string timezone;
  std::string level;    // at which its platform reports: campaign, ad_set or ad
  bool by_day = false;  // reports days, not hours
};

struct Ad {
  std::int64_t id = 0;
  std::size_t account = 0;
  std::string external_id;
  std::string campaign;  // its name, as utm_campaign carries it
};

// What spend is reported for: an ad, an ad set or a campaign.
struct Spender {
  std::int64_t id = 0;
  std::size_t account = 0;
  double weight = 1;
};

struct World {
  std::vector<Workspace> workspaces;
  std::vector<Shop> shops;
  std::vector<Variant> variants;
  std::vector<Account> accounts;
  std::vector<Ad> ads;
  std::vector<Spender> spenders;

  const Uuid& workspace_of(const Shop& shop) const { return workspaces[shop.workspace].id; }
  const Shop& shop_of(const Ad& ad) const { return shops[accounts[ad.account].shop]; }
};

// Invents it and writes its rows, dated before `start`.
World build_world(Random& random, Rows& rows, Ids& ids, Instant start);
// Reads it back. Throws Error{schema} when the database holds no shop.
World load_world(postgres::Connection& connection);

// A targeting or note document of about `bytes`, which compresses badly, as audience lists do.
std::string large_document(Random& random, std::size_t bytes);

}  // namespace freshet::adshop
