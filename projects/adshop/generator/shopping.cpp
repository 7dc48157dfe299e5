// Customers, carts and checkouts. Of shopping.h.
#include "shopping.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include "words.h"

namespace freshet::adshop {
namespace {

using std::chrono::days;
using std::chrono::seconds;

std::string sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

Customer invent_customer(const World& world, std::size_t shop, Instant now, Random& random, Ids& ids) {
  Customer customer;
  customer.id = ids.next(Table::customers);
  customer.shop = shop;
  customer.first_name = random.pick(words::kFirstNames);
  customer.last_name = random.pick(words::kLastNames);
  customer.email = fmt::format("customer{}.{}@example.org", customer.id, world.shops[shop].id);
  customer.email_sha256 = sha256(customer.email);
  customer.phone = fmt::format("+1555{:07}", random.between(0, 9'999'999));
  if (random.chance(0.3)) customer.birth_date = now - days(random.between(6'500, 25'000));
  customer.marketing = random.chance(0.45);
  customer.created = now;
  return customer;
}

void write(Rows& rows, const World& world, const Customer& customer) {
  const Shop& shop = world.shops[customer.shop];
  Row row = rows.begin(Table::customers);
  row.integer(customer.id)
      .uuid(world.workspace_of(shop))
      .integer(shop.id)
      .text(std::to_string(7'000'000'000'000 + customer.id * 3))
      .text(customer.email)
      .bytes(customer.email_sha256)
      .text(customer.phone)
      .text(customer.first_name)
      .text(customer.last_name)
      .boolean(customer.marketing)
      .text(customer.marketing ? "{newsletter}" : "{}")
      .text(fmt::format(R"({{"city": "Springfield", "country": "{}"}})", shop.country));
  customer.birth_date ? row.date(*customer.birth_date) : row.null();
  row.text("enabled").instant(customer.created).instant(customer.created).end();
}

Cart invent_cart(const World& world, const Session& session, Instant now, Random& random) {
  Cart cart;
  cart.id = random.uuid();
  cart.shop = session.shop;
  cart.visitor = session.visitor;
  cart.session = session.id;
  cart.first_item = cart.updated = now;
  const auto& variants = world.shops[session.shop].variants;
  const std::int64_t items = 1 + static_cast<std::int64_t>(random.exponential(0.9));
  for (std::int64_t i = 0; i < items && i < 20; ++i)
    cart.variants.push_back(variants[random.skewed(variants.size())]);
  return cart;
}

Cents subtotal_of(const World& world, const Cart& cart) {
  Cents subtotal = 0;
  for (const std::size_t variant : cart.variants) subtotal += world.variants[variant].price;
  return subtotal;
}

std::string cart_lines(const World& world, const Cart& cart) {
  std::string lines = "[";
  for (const std::size_t variant : cart.variants) {
    if (lines.size() > 1) lines += ", ";
    lines += fmt::format(R"({{"variant_id": {}, "quantity": 1}})", world.variants[variant].id);
  }
  return lines + "]";
}

void write(Rows& rows, const World& world, const Cart& cart) {
  const Shop& shop = world.shops[cart.shop];
  rows.begin(Table::carts)
      .uuid(cart.id)
      .uuid(world.workspace_of(shop))
      .integer(shop.id)
      .uuid(cart.visitor)
      .uuid(cart.session)
      .integer(cart.customer)
      .integer(cart.order)
      .text(shop.currency)
      .text(cart.status)
      .text(cart_lines(world, cart))
      .integer(static_cast<std::int64_t>(cart.variants.size()))
      .money(subtotal_of(world, cart))
      .instant(cart.first_item)
      .instant(cart.abandoned)
      .instant(cart.first_item)
      .instant(cart.updated)
      .end();
}

Checkout invent_checkout(const World& world, const Cart& cart, Instant now, Random& random) {
  Checkout checkout;
  checkout.id = random.uuid();
  checkout.shop = cart.shop;
  checkout.cart = cart.id;
  checkout.visitor = cart.visitor;
  checkout.session = cart.session;
  checkout.customer = cart.customer;
  checkout.token = random.letters(24);
  checkout.started = checkout.updated = now;
  checkout.total = subtotal_of(world, cart);
  checkout.ip = fmt::format("198.51.100.{}/32", random.between(1, 254));
  return checkout;
}

void write(Rows& rows, const World& world, const Checkout& checkout) {
  const Shop& shop = world.shops[checkout.shop];
  Row row = rows.begin(Table::checkouts);
  row.uuid(checkout.id)
      .uuid(world.workspace_of(shop))
      .integer(shop.id)
      .uuid(checkout.cart)
      .uuid(checkout.visitor)
      .uuid(checkout.session)
      .integer(checkout.customer)
      .integer(checkout.order)
      .text(checkout.token)
      .text(checkout.status)
      .instant(checkout.started)
      .instant(checkout.contact)
      .instant(checkout.shipping)
      .instant(checkout.payment)
      .instant(checkout.completed)
      .text(shop.currency)
      .money(checkout.total)
      .null();
  checkout.email_sha256.empty() ? row.null() : row.bytes(checkout.email_sha256);
  row.text(checkout.ip).instant(checkout.started).instant(checkout.updated).end();
}

}  // namespace freshet::adshop
