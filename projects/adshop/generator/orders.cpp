// Orders: what is bought, what it costs, how it is paid and what comes back. Of shopping.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/int128.h"
#include "shopping.h"
#include "words.h"

namespace freshet::adshop {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kFxUnit = 10'000'000'000;

// amount * rate / unit, to the nearest multiple of `smallest`, halves up.
Cents share(Cents amount, std::int64_t rate, std::int64_t unit, Cents smallest) {
  const auto product = static_cast<Int128>(amount) * rate;
  const auto step = static_cast<Int128>(unit) * smallest;
  return static_cast<Cents>((product + step / 2) / step) * smallest;
}

Cents gross_of(const World& world, const OrderLine& line) {
  return line.quantity * world.variants[line.variant].price;
}

// Tax on what remains after the discount: on top of it, or contained in it.
Cents tax_of(const Shop& shop, Cents net) {
  if (!shop.taxes_included) return share(net, shop.tax_rate, 100'000, shop.smallest);
  return share(net, shop.tax_rate, 100'000 + shop.tax_rate, shop.smallest);
}

// The largest-remainder split isn't needed: each line is rounded by itself, and the order sums its lines.
void settle(const World& world, Order& order) {
  const Shop& shop = world.shops[order.shop];
  order.gross = order.discount = order.tax = 0;
  for (OrderLine& line : order.lines) {
    const Cents gross = gross_of(world, line);
    line.discount = share(gross, order.discount_percent, 100, shop.smallest);
    line.tax = tax_of(shop, gross - line.discount);
    order.gross += gross;
    order.discount += line.discount;
    order.tax += line.tax;
  }
  order.total = order.gross - order.discount + order.shipping - order.shipping_discount + order.tip +
                (shop.taxes_included ? 0 : order.tax);
}

std::string_view invent_status(Random& random) {
  static constexpr std::array<double, 4> kWeights = {94, 3, 2, 1};
  static constexpr std::array<std::string_view, 4> kStatuses = {"paid", "pending", "authorized", "voided"};
  return kStatuses[random.weighted(kWeights)];
}

void write_discount(Rows& rows, const World& world, const Order& order, std::optional<std::int64_t> line,
                    Cents amount, Ids& ids) {
  rows.begin(Table::order_discounts)
      .integer(ids.next(Table::order_discounts))
      .uuid(world.workspace_of(world.shops[order.shop]))
      .integer(order.id)
      .integer(line)
      .text_or_null(line ? order.code : "")
      .text(line ? "code" : "shipping")
      .text(line ? "percentage" : "fixed_amount")
      .decimal(line ? order.discount_percent * 10'000 : amount * 100, 4)
      .money(amount)
      .instant(order.processed)
      .instant(order.processed)
      .end();
}

struct Payment {
  std::string_view kind;
  std::string_view status;
  std::optional<std::int64_t> parent;
  Cents amount;
  Instant at;
};

std::int64_t write_payment(Rows& rows, const World& world, const Order& order, const Payment& payment,
                           Random& random, Ids& ids) {
  const std::int64_t id = ids.next(Table::payment_transactions);
  const Shop& shop = world.shops[order.shop];
  const bool failed = payment.status == "failure";
  rows.begin(Table::payment_transactions)
      .integer(id)
      .uuid(world.workspace_of(shop))
      .integer(order.id)
      .integer(payment.parent)
      .text(payment.kind)
      .text(payment.status)
      .text(order.id % 3 == 0 ? "paypal" : "stripe")
      .money(payment.amount)
      .text(shop.currency)
      .decimal(kFxUnit, 10)
      .text(random.letters(24))
      .decimal(failed ? 0 : payment.amount * 29 / 10 + 3'000, 4)  // 2.9 % and 0.30
      .boolean(order.is_test)
      .text_or_null(failed ? "card_declined" : "")
      .text(R"({"network": "visa", "last4": "4242"})")
      .instant(payment.at)
      .instant(payment.at)
      .instant(payment.at)
      .end();
  return id;
}

void write_payments(Rows& rows, const World& world, const Order& order, Random& random, Ids& ids) {
  if (order.total == 0 || order.financial_status == "pending") return;
  const auto at = [&](int after) { return order.processed + seconds(after); };
  if (random.chance(0.03)) {
    write_payment(rows, world, order, {"sale", "failure", {}, order.total, at(-40)}, random, ids);
  }
  if (random.chance(0.5) && order.financial_status != "authorized" && order.financial_status != "voided") {
    write_payment(rows, world, order, {"sale", "success", {}, order.total, at(0)}, random, ids);
    return;
  }
  const std::int64_t authorized =
      write_payment(rows, world, order, {"authorization", "success", {}, order.total, at(0)}, random, ids);
  if (order.financial_status == "authorized") return;
  const std::string_view then = order.financial_status == "voided" ? "void" : "capture";
  write_payment(rows, world, order, {then, "success", authorized, order.total, at(30)}, random, ids);
}

}  // namespace

Order invent_order(const World& world, const Cart& cart, const Customer& customer, Instant now,
                   Random& random, Ids& ids) {
  const Shop& shop = world.shops[cart.shop];
  Order order;
  order.id = ids.next(Table::orders);
  order.shop = cart.shop;
  order.customer = customer.id;
  order.visitor = cart.visitor;
  order.session = cart.session;
  order.financial_status = invent_status(random);
  order.fulfillment = random.chance(0.8) ? "fulfilled" : "";
  order.email_sha256 = customer.email_sha256;
  order.is_test = random.chance(0.004);
  order.processed = order.updated = now;
  order.ip = fmt::format("198.51.100.{}/32", random.between(1, 254));
  if (order.financial_status == "voided") order.cancelled = now + minutes(30);
  if (random.chance(0.25)) {
    order.code = random.pick(words::kCodes);
    order.discount_percent = order.code == "VIP20" ? 20 : order.code == "SUMMER15" ? 15 : 10;
  }
  const Cents unit = shop.currency == "JPY" || shop.currency == "INR" ? 100 * 100 : 100;
  order.shipping = random.chance(0.7) ? random.between(3, 12) * unit : 0;
  if (order.shipping > 0 && random.chance(0.2)) order.shipping_discount = order.shipping;
  if (random.chance(0.03)) order.tip = random.between(1, 5) * unit;
  for (const std::size_t variant : cart.variants) {
    const auto same =
        std::find_if(order.lines.begin(), order.lines.end(), [&](auto& l) { return l.variant == variant; });
    if (same != order.lines.end()) {
      ++same->quantity;
    } else {
      order.lines.push_back({.id = ids.next(Table::order_lines), .variant = variant});
    }
  }
  settle(world, order);
  order.converted = random.chance(0.12);
  if (order.converted) order.fx = random.between(kFxUnit / 2, kFxUnit * 2);
  return order;
}

void add_line(const World& world, Order& order, OrderLine line) {
  const Shop& shop = world.shops[order.shop];
  const Cents gross = gross_of(world, line);
  line.discount = 0;
  line.tax = tax_of(shop, gross);
  order.gross += gross;
  order.tax += line.tax;
  order.total += gross + (shop.taxes_included ? 0 : line.tax);
  order.lines.push_back(line);
}

void write(Rows& rows, const World& world, const Order& order) {
  const Shop& shop = world.shops[order.shop];
  const std::string& presented = order.converted ? shop.presentment_currency : shop.currency;
  const std::int64_t fx = order.converted ? order.fx : kFxUnit;
  // cents / fx, with four digits: total * 100 * 10^10 / fx
  const auto presentment = static_cast<std::int64_t>(static_cast<Int128>(order.total) * 100 * kFxUnit / fx);
  rows.begin(Table::orders)
      .integer(order.id)
      .uuid(world.workspace_of(shop))
      .integer(shop.id)
      .integer(order.customer)
      .uuid(order.checkout)
      .uuid(order.visitor)
      .uuid(order.session)
      .text(std::to_string(5'000'000'000'000 + order.id * 7))
      .text(fmt::format("#{}", 1000 + order.id))
      .text(order.source)
      .text(order.financial_status)
      .text_or_null(order.fulfillment)
      .text(shop.currency)
      .text(presented)
      .decimal(presentment, 4)
      .decimal(fx, 10)
      .money(order.discount)
      .money(order.shipping)
      .money(order.shipping_discount)
      .money(order.tax)
      .money(order.tip)
      .money(order.total)
      .boolean(shop.taxes_included)
      .boolean(order.is_test)
      .bytes(order.email_sha256)
      .text(order.converted ? "{international}" : "{}")
      .text_or_null(order.code.empty() ? "" : array_text({order.code}))
      .text_or_null(order.note)
      .text("https://" + shop.domain + "/")
      .text(order.ip)
      .instant(order.processed)
      .instant(order.cancelled)
      .text_or_null(order.cancelled ? "payment_voided" : "")
      .instant(order.processed)
      .instant(order.updated)
      .end();
}

void write_line(Rows& rows, const World& world, const Order& order, const OrderLine& line, Instant added) {
  const Shop& shop = world.shops[order.shop];
  const Variant& variant = world.variants[line.variant];
  rows.begin(Table::order_lines)
      .integer(line.id)
      .uuid(world.workspace_of(shop))
      .integer(order.id)
      .integer(variant.product_id)
      .integer(variant.id)
      .text(variant.title)
      .text(variant.sku)
      .integer(line.quantity)
      .money(variant.price)
      .money(line.discount)
      .decimal(shop.tax_rate, 5)
      .money(line.tax)
      .decimal(variant.unit_cost, 4)
      .boolean(false)
      .boolean(true)
      .null()
      .instant(added)
      .instant(added)
      .instant(added)
      .end();
}

void write_children(Rows& rows, const World& world, const Order& order, Random& random, Ids& ids) {
  for (const OrderLine& line : order.lines) write_line(rows, world, order, line, order.processed);
  for (const OrderLine& line : order.lines) {
    if (line.discount > 0) write_discount(rows, world, order, line.id, line.discount, ids);
  }
  if (order.shipping_discount > 0)
    write_discount(rows, world, order, std::nullopt, order.shipping_discount, ids);
  write_payments(rows, world, order, random, ids);
}

std::optional<Refund> invent_refund(const World& world, const Order& order, Instant now, Random& random,
                                    Ids& ids) {
  if (order.lines.empty()) return std::nullopt;
  Refund refund;
  refund.id = ids.next(Table::refunds);
  refund.order_line =
      static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(order.lines.size()) - 1));
  const OrderLine& line = order.lines[refund.order_line];
  refund.quantity = random.between(1, line.quantity);
  const Cents smallest = world.shops[order.shop].smallest;
  const Cents net =
      gross_of(world, line) - line.discount - (world.shops[order.shop].taxes_included ? line.tax : 0);
  refund.subtotal = share(net, refund.quantity, line.quantity, smallest);
  refund.tax = share(line.tax, refund.quantity, line.quantity, smallest);
  refund.reason = random.pick(words::kReasons);
  refund.created = now;
  refund.processed = now + minutes(random.between(1, 600));
  return refund;
}

void write(Rows& rows, const World& world, const Order& order, const Refund& refund, Random& random,
           Ids& ids) {
  const Shop& shop = world.shops[order.shop];
  const Workspace& workspace = world.workspaces[shop.workspace];
  const Cents tender = refund.subtotal + refund.tax + refund.adjustment;
  rows.begin(Table::refunds)
      .integer(refund.id)
      .uuid(workspace.id)
      .integer(order.id)
      .uuid(workspace.users[static_cast<std::size_t>(refund.id) % workspace.users.size()])
      .text(refund.kind)
      .text(refund.status)
      .text(refund.reason)
      .money(0)
      .money(refund.adjustment)
      .money(tender)
      .decimal(tender * 100, 4)
      .text(shop.currency)
      .decimal(kFxUnit, 10)
      .boolean(true)
      .instant(refund.processed)
      .instant(refund.created)
      .instant(refund.processed.value_or(refund.created))
      .end();
  rows.begin(Table::refund_lines)
      .integer(ids.next(Table::refund_lines))
      .uuid(workspace.id)
      .integer(refund.id)
      .integer(order.lines[refund.order_line].id)
      .integer(refund.quantity)
      .money(refund.subtotal)
      .money(refund.tax)
      .text("return")
      .instant(refund.created)
      .instant(refund.created)
      .end();
  if (refund.status != "succeeded" || !refund.processed) return;
  write_payment(rows, world, order, {"refund", "success", {}, tender, *refund.processed}, random, ids);
}

}  // namespace freshet::adshop
