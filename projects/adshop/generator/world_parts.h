// The two halves of build_world(), and what they share. Of world.cpp only.
#pragma once

#include "world.h"

namespace freshet::adshop {

// Workspaces with their people, shops with their settings and products.
void build_shops(World& world, Random& random, Rows& rows, Ids& ids, Instant start);
// Ad accounts, campaigns, ad sets, ads and creatives of the world's shops.
void build_ads(World& world, Random& random, Rows& rows, Ids& ids, Instant start);

// "Maple & Main" -> "maple-main"
std::string slug_of(std::string_view name);
// An id as platforms give them, of 18 digits: more than a double holds exactly.
std::string external_id(Random& random);
// Some weeks to two years before history begins.
Instant long_before(Instant start, Random& random);

}  // namespace freshet::adshop
