// Visitors, their sessions, page views, ad impressions and clicks: what one of each holds, and how it becomes
// a row.
#pragma once

#include <optional>
#include <string>

#include "world.h"

namespace freshet::adshop {

struct Visitor {
  Uuid id{};
  std::size_t shop = 0;
  std::optional<std::int64_t> customer;
  std::optional<Uuid> merged_into;
  Instant first_seen;
  Instant last_seen;
  std::string landing_url;
  std::string utm_source;  // of the first visit; empty: none
  std::string referrer;
  std::string ip;
  std::string fingerprint;
  std::string country;
  std::string device;
  std::string browser;
};

struct Click {
  Uuid id{};
  std::size_t ad = 0;
  std::optional<Uuid> visitor;
  bool ad_known = true;  // ad_id is there, not yet to be filled
  Instant occurred;
  std::string click_id;
  std::string ip;
  bool is_bot = false;
};

struct Session {
  Uuid id{};
  std::size_t shop = 0;
  Uuid visitor{};
  std::optional<Uuid> click;
  Instant started;
  Instant last_activity;
  bool ended = true;
  std::string landing_path;
  std::string referrer;
  std::string source;  // utm; empty: none
  std::string medium;
  std::string campaign;
  std::string content;
  std::string channel;  // empty: not decided yet
  std::string device;
  std::string browser;
  std::string ip;
  std::string country;
  bool is_bot = false;
  bool is_new_visitor = false;
  std::int64_t page_views = 0;
};

struct PageView {
  std::int64_t id = 0;
  std::size_t shop = 0;
  Uuid session{};
  Uuid visitor{};
  std::optional<std::size_t> variant;
  Instant occurred;
  std::string_view type;
  std::string search;
  std::int64_t engaged_ms = 0;
  double scroll = 0;
};

struct Impression {
  std::int64_t id = 0;
  std::size_t ad = 0;
  std::optional<Uuid> visitor;
  Instant occurred;
  std::string_view placement;
  std::string_view device;
  bool viewable = true;
  std::int64_t cost_micros = 0;
};

void write(Rows& rows, const World& world, const Visitor& visitor);
void write(Rows& rows, const World& world, const Click& click);
void write(Rows& rows, const World& world, const Session& session);
void write(Rows& rows, const World& world, const PageView& view);
void write(Rows& rows, const World& world, const Impression& impression);

// Where a visit comes from, weighted as shops see it: paid ads about two in five.
struct Origin {
  std::optional<std::size_t> ad;
  std::string source;
  std::string medium;
  std::string campaign;
  std::string content;
  std::string channel;
  std::string referrer;
};

Origin invent_origin(const World& world, const Shop& shop, Random& random);
Visitor invent_visitor(const World& world, std::size_t shop, const Origin& origin, Instant now,
                       Random& random);
Click invent_click(const World& world, std::size_t ad, const std::optional<Uuid>& visitor, Instant now,
                   Random& random);
Session invent_session(const Visitor& visitor, const Origin& origin, Instant now, Random& random);
// The place-th page of a session: products mostly, collections, the home page, searches.
PageView invent_page_view(const World& world, const Session& session, std::int64_t place, Instant now,
                          Random& random, Ids& ids);
Impression invent_impression(std::size_t ad, Instant now, Random& random, Ids& ids);

}  // namespace freshet::adshop
