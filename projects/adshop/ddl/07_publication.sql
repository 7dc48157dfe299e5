-- What leaves the database: 25 tables, secrets left out by column lists. exchange_rates and attribution_settings are
-- read as a whole now and then instead. Changes of partitions are published as changes of their table.
CREATE PUBLICATION freshet FOR TABLE
    app.workspaces,
    app.users (id, workspace_id, email, full_name, role, locale, is_active, last_login_at, last_login_ip,
               notification_prefs, created_at, updated_at),
    app.shops,
    app.ad_accounts (id, workspace_id, shop_id, platform, external_account_id, name, currency, timezone, status,
                     last_synced_at, sync_cursor, created_at, updated_at),
    app.campaigns, app.ad_sets, app.creatives, app.ads, app.ad_spend_hourly, app.ad_impressions, app.ad_clicks,
    app.visitors, app.sessions, app.page_views, app.products, app.product_variants, app.customers, app.carts,
    app.checkouts, app.orders, app.order_lines, app.order_discounts, app.payment_transactions, app.refunds,
    app.refund_lines
    WITH (publish_via_partition_root = true);
