-- The schema and its enums. Labels are appended over time (ALTER TYPE … ADD VALUE), never removed.
CREATE SCHEMA app;

CREATE TYPE app.ad_platform AS ENUM ('meta', 'google', 'tiktok', 'microsoft', 'pinterest', 'snapchat', 'other');
CREATE TYPE app.ad_entity_status AS ENUM ('active', 'paused', 'archived', 'deleted', 'in_review');
CREATE TYPE app.ad_level AS ENUM ('campaign', 'ad_set', 'ad');
CREATE TYPE app.click_id_type AS ENUM ('gclid', 'gbraid', 'wbraid', 'fbclid', 'ttclid', 'msclkid', 'other');
CREATE TYPE app.device_type AS ENUM ('desktop', 'mobile', 'tablet', 'tv', 'other');
CREATE TYPE app.channel AS ENUM ('paid_social', 'paid_search', 'paid_other', 'organic_search', 'organic_social',
                                 'email', 'sms', 'affiliate', 'referral', 'direct', 'unknown');
CREATE TYPE app.page_type AS ENUM ('home', 'collection', 'product', 'cart', 'checkout', 'thank_you', 'other');
CREATE TYPE app.cart_status AS ENUM ('active', 'abandoned', 'converted', 'expired');
CREATE TYPE app.checkout_status AS ENUM ('open', 'completed', 'abandoned', 'expired');
CREATE TYPE app.financial_status AS ENUM ('pending', 'authorized', 'partially_paid', 'paid', 'partially_refunded',
                                          'refunded', 'voided');
CREATE TYPE app.refund_kind AS ENUM ('refund', 'order_edit', 'cancellation', 'chargeback');
CREATE TYPE app.refund_status AS ENUM ('pending', 'succeeded', 'failed', 'reversed');
CREATE TYPE app.tx_kind AS ENUM ('authorization', 'sale', 'capture', 'void', 'refund', 'chargeback');
CREATE TYPE app.tx_status AS ENUM ('pending', 'success', 'failure', 'error');
CREATE TYPE app.discount_kind AS ENUM ('code', 'automatic', 'manual', 'shipping');
CREATE TYPE app.attribution_model AS ENUM ('first_click', 'last_click', 'last_non_direct', 'linear_all', 'linear_paid',
                                           'any_click', 'position', 'time_decay', 'markov', 'shapley');
CREATE TYPE app.workspace_plan AS ENUM ('trial', 'starter', 'growth', 'scale', 'enterprise');
CREATE TYPE app.user_role AS ENUM ('owner', 'admin', 'analyst', 'viewer');
CREATE TYPE app.shop_platform AS ENUM ('shopify', 'woocommerce', 'magento', 'bigcommerce', 'custom');
CREATE TYPE app.consent_state AS ENUM ('unknown', 'granted', 'denied', 'partial');
