#include "history.h"

#include <fmt/format.h>

#include <deque>

#include "adapter/postgres/connection.h"
#include "advertising.h"
#include "shopping.h"
#include "time_zone.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kSessionsPerShopHour = 48;  // on average, at scale 1
constexpr double kImpressionsPerSession = 2.2;
constexpr double kReturningShare = 0.38;
constexpr std::size_t kRememberedVisitors = 20'000;  // of a shop; the longest unseen is forgotten first

class History {
 public:
  History(postgres::Connection& connection, const HistoryOptions& options)
      : options_(options),
        start_(options.until - days(options.days)),
        random_(options.seed, "traffic"),
        spend_random_(options.seed, "spend"),
        rows_(connection),
        connection_(connection) {
    Random world_random(options.seed, "world");
    world_ = build_world(world_random, rows_, ids_, start_);
    visitors_.resize(world_.shops.size());
  }

  std::int64_t write(const std::function<void(const HistoryProgress&)>& progress) {
    write_rates(rows_, options_.seed, start_ - days(14), options_.until);
    for (int day = 0; day < options_.days; ++day) {
      for (Instant hour = start_ + days(day); hour < start_ + days(day + 1); hour += hours(1))
        write_hour(hour);
      progress({day + 1, rows_.count()});
    }
    for (const auto& known : visitors_) {
      for (const Visitor& visitor : known) adshop::write(rows_, world_, visitor);
    }
    rows_.finish();
    ids_.set_sequences(connection_);
    return rows_.count();
  }

 private:
  void write_hour(Instant hour) {
    for (std::size_t shop = 0; shop < world_.shops.size(); ++shop) {
      const Instant wall = wall_clock(world_.shops[shop].timezone, hour);
      const double mean = kSessionsPerShopHour * options_.scale * rhythm(hour_of(wall), is_weekend(wall));
      const std::int64_t sessions = random_.poisson(mean);
      for (std::int64_t i = 0; i < sessions; ++i) write_visit(shop, in_hour(hour));
      write_impressions(world_.shops[shop], hour, random_.poisson(mean * kImpressionsPerSession));
    }
    for (std::size_t i = 0; i < world_.spenders.size(); ++i) {
      if (!reports(world_, world_.spenders[i], hour)) continue;
      adshop::write(rows_, world_, invent_spend(world_, i, hour, spend_random_), hour + hours(1));
    }
  }

  Instant in_hour(Instant hour) { return hour + Micros(random_.between(0, 3'599'999'999)); }

  void write_impressions(const Shop& shop, Instant hour, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::size_t ad = shop.ads[random_.skewed(shop.ads.size())];
      adshop::write(rows_, world_, invent_impression(ad, in_hour(hour), random_, ids_));
    }
  }

  // One visit from its click to its order. Whatever would happen at or after the end of history doesn't.
  void write_visit(std::size_t shop, Instant now) {
    const Origin origin = invent_origin(world_, world_.shops[shop], random_);
    Visitor& visitor = come(shop, origin, now);
    Session session = invent_session(visitor, origin, now, random_);
    if (origin.ad) {
      const Click click = invent_click(world_, *origin.ad, visitor.id, now - seconds(2), random_);
      session.click = click.id;
      adshop::write(rows_, world_, click);
    }
    browse(session, now);
    if (!session.is_bot && random_.chance(0.11))
      shop_on(visitor, session, session.last_activity + seconds(20));
    visitor.last_seen = session.last_activity;
    session.ended = session.last_activity + minutes(30) < options_.until;
    adshop::write(rows_, world_, session);
  }

  Visitor& come(std::size_t shop, const Origin& origin, Instant now) {
    auto& known = visitors_[shop];
    if (!known.empty() && random_.chance(kReturningShare)) {
      return known[known.size() - 1 - random_.skewed(known.size())];
    }
    if (known.size() >= kRememberedVisitors) {
      adshop::write(rows_, world_, known.front());
      known.pop_front();
    }
    known.push_back(invent_visitor(world_, shop, origin, now, random_));
    return known.back();
  }

  void browse(Session& session, Instant now) {
    const std::int64_t pages = 1 + static_cast<std::int64_t>(random_.exponential(session.is_bot ? 20 : 4.2));
    for (std::int64_t place = 0; place < pages && now < options_.until; ++place) {
      see(session, invent_page_view(world_, session, place, now, random_, ids_));
      now += seconds(3) + Micros(static_cast<std::int64_t>(random_.exponential(40e6)));
    }
  }

  void see(Session& session, const PageView& view) {
    adshop::write(rows_, world_, view);
    ++session.page_views;
    session.last_activity = view.occurred;
  }

  void see_page(Session& session, std::string_view type, Instant now) {
    PageView view = invent_page_view(world_, session, 1, now, random_, ids_);
    view.type = type;
    view.variant.reset();
    view.search.clear();
    see(session, view);
  }

  bool is_over(Instant now) const { return now >= options_.until; }

  void shop_on(Visitor& visitor, Session& session, Instant now) {
    if (is_over(now)) return;
    Cart cart = invent_cart(world_, session, now, random_);
    cart.customer = visitor.customer;
    see_page(session, "cart", now);
    if (random_.chance(0.55)) {
      check_out(visitor, session, cart, now + seconds(random_.between(15, 240)));
    }
    if (cart.status == "active" && !is_over(now + hours(1))) {
      cart.status = "abandoned";
      cart.abandoned = cart.updated = now + hours(1);
    }
    adshop::write(rows_, world_, cart);
  }

  void check_out(Visitor& visitor, Session& session, Cart& cart, Instant now) {
    if (is_over(now)) return;
    Checkout checkout = invent_checkout(world_, cart, now, random_);
    see_page(session, "checkout", now);
    // Each step takes a while; most who begin go on to the next.
    for (auto* step : {&checkout.contact, &checkout.shipping, &checkout.payment}) {
      now += seconds(random_.between(10, 90));
      if (is_over(now) || random_.chance(0.14)) break;
      *step = checkout.updated = now;
    }
    if (checkout.payment && !is_over(now + seconds(30)) && random_.chance(0.92)) {
      buy(visitor, session, cart, checkout, now + seconds(20));
    } else if (!is_over(checkout.updated + hours(1))) {
      checkout.status = "abandoned";
    }
    adshop::write(rows_, world_, checkout);
  }

  void buy(Visitor& visitor, Session& session, Cart& cart, Checkout& checkout, Instant now) {
    const Customer& customer = know(visitor, now);
    Order order = invent_order(world_, cart, customer, now, random_, ids_);
    order.checkout = checkout.id;
    checkout.status = "completed";
    checkout.completed = checkout.updated = now;
    checkout.order = cart.order = order.id;
    checkout.customer = cart.customer = customer.id;
    checkout.email_sha256 = customer.email_sha256;
    checkout.total = order.total;
    cart.status = "converted";
    cart.updated = now;
    see_page(session, "thank_you", now);
    settle_refund(order);
    adshop::write(rows_, world_, order);
    write_children(rows_, world_, order, random_, ids_);
    if (refund_) adshop::write(rows_, world_, order, *refund_, random_, ids_);
  }

  // One paid order in twelve comes back within a fortnight, if that has passed.
  void settle_refund(Order& order) {
    refund_.reset();
    if (order.financial_status != "paid" || !random_.chance(0.08)) return;
    const Instant back = order.processed + hours(random_.between(2, 300));
    if (is_over(back + hours(10))) return;
    refund_ = invent_refund(world_, order, back, random_, ids_);
    if (!refund_) return;
    const bool whole = order.lines.size() == 1 && refund_->quantity == order.lines[0].quantity;
    order.financial_status = whole ? "refunded" : "partially_refunded";
    order.updated = *refund_->processed;
  }

  // A visitor who buys becomes known: as a new customer of the shop, or one of before on another device.
  const Customer& know(Visitor& visitor, Instant now) {
    if (visitor.customer) {
      for (const Customer& customer : recent_) {
        if (customer.id == *visitor.customer) return customer;
      }
    }
    if (!visitor.customer && random_.chance(0.1)) {
      for (const Customer& customer : recent_) {
        if (customer.shop != visitor.shop) continue;
        visitor.customer = customer.id;
        return customer;
      }
    }
    recent_.push_back(invent_customer(world_, visitor.shop, now, random_, ids_));
    if (recent_.size() > kRememberedCustomers) recent_.pop_front();
    adshop::write(rows_, world_, recent_.back());
    visitor.customer = recent_.back().id;
    return recent_.back();
  }

  static constexpr std::size_t kRememberedCustomers = 500;

  HistoryOptions options_;
  Instant start_;
  Random random_;
  Random spend_random_;
  CountedIds ids_;
  CopyRows rows_;
  postgres::Connection& connection_;
  World world_;
  std::vector<std::deque<Visitor>> visitors_;  // by shop
  std::deque<Customer> recent_;
  std::optional<Refund> refund_;  // of the order being written
};

void refuse_old_rows(postgres::Connection& connection) {
  if (connection.query("SELECT 1 FROM app.workspaces LIMIT 1").rows() == 0) return;
  throw Error(ErrorKind::config, fmt::format("the tables at {} hold rows already", connection.where()),
              "history is for a new database: create one, run `adshop-generator schema`, then this again");
}

}  // namespace

std::int64_t write_history(postgres::Connection& connection, const HistoryOptions& options,
                           const std::function<void(const HistoryProgress&)>& progress) {
  refuse_old_rows(connection);
  connection.run("BEGIN");
  // Replica role: foreign keys go unchecked, or a million rows would cost a million look-ups.
  connection.run("SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off");
  connection.run(fmt::format("SELECT app.ensure_partitions('{}', '{}')",
                             date_text(options.until - days(options.days + 31)),
                             date_text(options.until + days(92))));
  const std::int64_t rows = History(connection, options).write(progress);
  connection.run("COMMIT", minutes(5));
  connection.run("ANALYZE", minutes(5));
  return rows;
}

}  // namespace freshet::adshop
