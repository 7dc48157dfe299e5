// Carts, checkouts, orders with their children, refunds: amounts that add up to the cent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "traffic.h"

namespace freshet::adshop {

struct Customer {
  std::int64_t id = 0;
  std::size_t shop = 0;
  std::string first_name;
  std::string last_name;
  std::string email;
  std::string email_sha256;  // 32 bytes
  std::string phone;
  std::optional<Instant> birth_date;
  bool marketing = false;
  Instant created;
};

struct Cart {
  Uuid id{};
  std::size_t shop = 0;
  Uuid visitor{};
  Uuid session{};
  std::optional<std::int64_t> customer;
  std::optional<std::int64_t> order;
  std::string_view status = "active";
  std::vector<std::size_t> variants;
  Instant first_item;
  std::optional<Instant> abandoned;
  Instant updated;
};

struct Checkout {
  Uuid id{};
  std::size_t shop = 0;
  Uuid cart{};
  Uuid visitor{};
  Uuid session{};
  std::optional<std::int64_t> customer;
  std::optional<std::int64_t> order;
  std::string token;
  std::string_view status = "open";
  Instant started;
  std::optional<Instant> contact, shipping, payment, completed;
  Cents total = 0;
  std::string email_sha256;
  std::string ip;
  Instant updated;
};

struct OrderLine {
  std::int64_t id = 0;
  std::size_t variant = 0;
  std::int64_t quantity = 1;
  Cents discount = 0;
  Cents tax = 0;
};

struct Order {
  std::int64_t id = 0;
  std::size_t shop = 0;
  std::optional<std::int64_t> customer;
  std::optional<Uuid> checkout;
  std::optional<Uuid> visitor;
  std::optional<Uuid> session;
  std::string_view source = "web";
  std::string_view financial_status = "paid";
  std::string fulfillment = "fulfilled";
  std::string code;  // a discount code, or empty
  std::int64_t discount_percent = 0;
  bool converted = false;  // paid in the shop's presentment currency
  std::int64_t fx = 0;     // of presentment to shop, in units of 10^-10
  Cents gross = 0, discount = 0, shipping = 0, shipping_discount = 0, tax = 0, tip = 0, total = 0;
  bool is_test = false;
  std::string email_sha256;
  std::string note;  // a large document, or empty
  std::string ip;
  Instant processed;
  std::optional<Instant> cancelled;
  Instant updated;
  std::vector<OrderLine> lines;
};

struct Refund {
  std::int64_t id = 0;
  std::size_t order_line = 0;  // index of the line that comes back
  std::int64_t quantity = 1;
  Cents subtotal = 0, tax = 0, adjustment = 0;
  std::string reason;
  std::string_view status = "succeeded";
  std::string_view kind = "refund";
  Instant created;
  std::optional<Instant> processed;
};

void write(Rows& rows, const World& world, const Customer& customer);
void write(Rows& rows, const World& world, const Cart& cart);
void write(Rows& rows, const World& world, const Checkout& checkout);
void write_line(Rows& rows, const World& world, const Order& order, const OrderLine& line, Instant added);
// The order alone, and what belongs to it: lines, discount allocations, payments.
void write(Rows& rows, const World& world, const Order& order);
void write_children(Rows& rows, const World& world, const Order& order, Random& random, Ids& ids);
void write(Rows& rows, const World& world, const Order& order, const Refund& refund, Random& random,
           Ids& ids);

Customer invent_customer(const World& world, std::size_t shop, Instant now, Random& random, Ids& ids);
Cart invent_cart(const World& world, const Session& session, Instant now, Random& random);
Checkout invent_checkout(const World& world, const Cart& cart, Instant now, Random& random);
// Of a cart; lines of equal variants are one. Amounts are settled.
Order invent_order(const World& world, const Cart& cart, const Customer& customer, Instant now,
                   Random& random, Ids& ids);
// An edit: the goods join the order at their full price, and its amounts follow.
void add_line(const World& world, Order& order, OrderLine line);
// Comes back whole or in part; nullopt when the order holds nothing.
std::optional<Refund> invent_refund(const World& world, const Order& order, Instant now, Random& random,
                                    Ids& ids);

Cents subtotal_of(const World& world, const Cart& cart);
std::string cart_lines(const World& world, const Cart& cart);

}  // namespace freshet::adshop
