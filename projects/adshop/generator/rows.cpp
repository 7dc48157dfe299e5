#include "rows.h"

#include <fmt/format.h>

#include "adapter/postgres/connection.h"

namespace freshet::adshop {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

struct TableInfo {
  std::string_view name;
  bool identity;
  std::string_view columns;  // without updated_at where it is created_at
};

constexpr TableInfo kTables[kTableCount] = {
    {"workspaces", false,
     "id, name, slug, plan, reporting_currency, week_starts_on, settings, feature_flags, trial_ends_at, "
     "created_at, "
     "updated_at"},
    {"users", false,
     "id, workspace_id, email, full_name, role, password_hash, locale, is_active, last_login_at, "
     "last_login_ip, "
     "notification_prefs, created_at, updated_at"},
    {"shops", true,
     "id, workspace_id, platform, external_shop_id, domain, name, currency, timezone, taxes_included, "
     "presentment_currencies, country, installed_at, metadata, created_at, updated_at"},
    {"attribution_settings", false,
     "workspace_id, shop_id, effective_from, default_model, click_lookback, half_life, position_weights, "
     "channel_rules, "
     "updated_by, created_at, updated_at"},
    {"exchange_rates", false,
     "base_currency, quote_currency, rate_date, rate, source, fetched_at, is_estimated, created_at, "
     "updated_at"},
    {"ad_accounts", true,
     "id, workspace_id, shop_id, platform, external_account_id, name, currency, timezone, status, "
     "access_token_enc, "
     "last_synced_at, sync_cursor, created_at, updated_at"},
    {"campaigns", true,
     "id, workspace_id, ad_account_id, external_campaign_id, name, objective, status, buying_type, "
     "daily_budget, "
     "bid_strategy, start_date, labels, created_at, updated_at"},
    {"ad_sets", true,
     "id, workspace_id, campaign_id, external_ad_set_id, name, status, optimization_goal, targeting, "
     "attribution_spec, "
     "daily_budget, start_at, created_at, updated_at"},
    {"creatives", true,
     "id, workspace_id, ad_account_id, external_creative_id, kind, title, body, landing_url, url_params, "
     "media_urls, "
     "thumbnail_phash, created_at, updated_at"},
    {"ads", true,
     "id, workspace_id, ad_set_id, creative_id, external_ad_id, name, status, tracking_template, utm, "
     "created_at, "
     "updated_at"},
    {"ad_spend_hourly", false,
     "workspace_id, ad_account_id, entity_level, entity_id, hour_start, account_local_hour, granularity, "
     "spend, currency, "
     "impressions, clicks_all, link_clicks, video_views, platform_conversions, platform_conversion_value, "
     "is_final, raw, "
     "created_at, updated_at"},
    {"products", true,
     "id, workspace_id, shop_id, external_product_id, title, handle, vendor, product_type, status, tags, "
     "options, "
     "published_at, created_at, updated_at"},
    {"product_variants", true,
     "id, workspace_id, product_id, external_variant_id, sku, title, price, compare_at_price, unit_cost, "
     "weight_grams, "
     "barcode, inventory_quantity, created_at, updated_at"},
    {"customers", true,
     "id, workspace_id, shop_id, external_customer_id, email, email_sha256, phone_e164, first_name, "
     "last_name, "
     "accepts_marketing, tags, default_address, birth_date, state, created_at, updated_at"},
    {"visitors", false,
     "id, workspace_id, shop_id, customer_id, merged_into_visitor_id, first_seen_at, last_seen_at, "
     "first_landing_url, "
     "first_utm, first_referrer, first_ip, device_fingerprint, consent, country, created_at, updated_at"},
    {"sessions", false,
     "id, workspace_id, shop_id, visitor_id, ad_click_id, started_at, ended_at, last_activity_at, "
     "landing_path, referrer, "
     "utm_source, utm_medium, utm_campaign, utm_content, channel, device, browser, ip, country, is_bot, "
     "page_view_count, "
     "is_new_visitor, created_at, updated_at"},
    {"page_views", true,
     "id, workspace_id, shop_id, session_id, visitor_id, product_id, occurred_at, received_at, page_type, "
     "url, path, "
     "title, variant_id, search_term, engaged_ms, scroll_depth, properties, created_at, updated_at"},
    {"ad_impressions", true,
     "id, workspace_id, ad_id, external_ad_id, visitor_id, occurred_at, placement, device, country, "
     "viewable, "
     "cost_micros, ip, created_at, updated_at"},
    {"ad_clicks", false,
     "id, workspace_id, ad_id, visitor_id, platform, external_ad_id, click_id_type, click_id, occurred_at, "
     "received_at, "
     "landing_url, utm, referrer, ip, user_agent, is_bot, created_at, updated_at"},
    {"carts", false,
     "id, workspace_id, shop_id, visitor_id, session_id, customer_id, converted_order_id, currency, status, "
     "lines, "
     "item_count, subtotal_amount, first_item_added_at, abandoned_at, created_at, updated_at"},
    {"checkouts", false,
     "id, workspace_id, shop_id, cart_id, visitor_id, session_id, customer_id, order_id, token, status, "
     "started_at, "
     "contact_at, shipping_at, payment_at, completed_at, currency, total_amount, discount_codes, "
     "email_sha256, client_ip, "
     "created_at, updated_at"},
    {"orders", true,
     "id, workspace_id, shop_id, customer_id, checkout_id, visitor_id, session_id, external_order_id, "
     "order_name, "
     "source_name, financial_status, fulfillment_status, currency, presentment_currency, presentment_total, "
     "fx_presentment_to_shop, discount_amount, shipping_amount, shipping_discount_amount, tax_amount, "
     "tip_amount, "
     "total_amount, taxes_included, is_test, email_sha256, tags, discount_codes, note_attributes, "
     "landing_url, client_ip, "
     "processed_at, cancelled_at, cancel_reason, created_at, updated_at"},
    {"order_lines", true,
     "id, workspace_id, order_id, product_id, variant_id, title, sku, quantity, unit_price, discount_amount, "
     "tax_rate, "
     "tax_amount, unit_cost, is_gift_card, requires_shipping, properties, added_at, created_at, updated_at"},
    {"order_discounts", true,
     "id, workspace_id, order_id, order_line_id, code, kind, value_type, value, allocated_amount, "
     "created_at, updated_at"},
    {"payment_transactions", true,
     "id, workspace_id, order_id, parent_id, kind, status, gateway, amount, currency, fx_to_shop, "
     "gateway_ref, fee_amount, "
     "is_test, error_code, receipt, processed_at, created_at, updated_at"},
    {"refunds", true,
     "id, workspace_id, order_id, processed_by, kind, status, reason, shipping_amount, adjustment_amount, "
     "total_amount, "
     "presentment_amount, presentment_currency, fx_presentment_to_shop, restock, processed_at, created_at, "
     "updated_at"},
    {"refund_lines", true,
     "id, workspace_id, refund_id, order_line_id, quantity, subtotal_amount, tax_amount, restock_type, "
     "created_at, "
     "updated_at"},
};

const TableInfo& info(Table table) {
  return kTables[static_cast<std::size_t>(table)];
}

}  // namespace

std::string_view name_of(Table table) {
  return info(table).name;
}
std::string_view columns_of(Table table) {
  return info(table).columns;
}
bool has_identity(Table table) {
  return info(table).identity;
}

Row CopyRows::begin(Table table) {
  std::string& pending = pending_[static_cast<std::size_t>(table)];
  if (pending.size() >= kPieceBytes) copy(table);
  ++count_;
  return {pending, RowForm::copy};
}

void CopyRows::copy(Table table) {
  std::string& pending = pending_[static_cast<std::size_t>(table)];
  if (pending.empty()) return;
  connection_.copy_in_begin(fmt::format("COPY app.{} ({}) FROM STDIN", name_of(table), columns_of(table)));
  connection_.copy_in_put(pending);
  connection_.copy_in_end();
  pending.clear();
}

void CopyRows::finish() {
  for (std::size_t i = 0; i < kTableCount; ++i) copy(static_cast<Table>(i));
}

Row InsertRows::begin(Table table) {
  std::string& pending = pending_[static_cast<std::size_t>(table)];
  if (pending.empty()) {
    order_.push_back(table);
    pending = fmt::format("INSERT INTO app.{} ({}) {}VALUES ", name_of(table), columns_of(table),
                          has_identity(table) ? "OVERRIDING SYSTEM VALUE " : "");
  } else {
    pending += ',';
  }
  ++count_;
  return {pending, RowForm::values};
}

std::string InsertRows::take() {
  std::string statements;
  for (const Table table : order_) {
    std::string& pending = pending_[static_cast<std::size_t>(table)];
    statements += pending;
    statements += ";\n";
    pending.clear();
  }
  order_.clear();
  count_ = 0;
  return statements;
}

}  // namespace freshet::adshop
