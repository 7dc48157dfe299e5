-- What is advertised and what it costs. Campaigns, ad sets, creatives and ads can be hard-deleted on the platform and
-- then here, while clicks and spend stay.
CREATE TABLE app.ad_accounts (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id         uuid NOT NULL,
    shop_id              bigint REFERENCES app.shops,
    platform             app.ad_platform NOT NULL,
    external_account_id  text NOT NULL,
    name                 text NOT NULL,
    currency             char(3) NOT NULL,
    timezone             text NOT NULL,
    status               app.ad_entity_status NOT NULL DEFAULT 'active',
    access_token_enc     bytea,  -- never published
    last_synced_at       timestamptz,
    sync_cursor          jsonb,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, platform, external_account_id)
);
CREATE INDEX ad_accounts_shop ON app.ad_accounts (shop_id);

CREATE TABLE app.campaigns (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id          uuid NOT NULL,
    ad_account_id         bigint NOT NULL REFERENCES app.ad_accounts,
    external_campaign_id  text NOT NULL,
    name                  text NOT NULL,
    objective             text,
    status                app.ad_entity_status NOT NULL DEFAULT 'active',
    buying_type           text,
    daily_budget          numeric(14,2),
    lifetime_budget       numeric(14,2),
    bid_strategy          text,
    start_date            date,
    end_date              date,
    labels                text[],
    deleted_at            timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX campaigns_account ON app.campaigns (ad_account_id);

CREATE TABLE app.ad_sets (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id        uuid NOT NULL,
    campaign_id         bigint NOT NULL REFERENCES app.campaigns ON DELETE CASCADE,
    external_ad_set_id  text NOT NULL,
    name                text NOT NULL,
    status              app.ad_entity_status NOT NULL DEFAULT 'active',
    optimization_goal   text,
    targeting           jsonb,  -- large: interest and audience lists, stored out of line
    attribution_spec    jsonb,
    daily_budget        numeric(14,2),
    start_at            timestamptz,
    end_at              timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ad_sets_campaign ON app.ad_sets (campaign_id);

CREATE TABLE app.creatives (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id          uuid NOT NULL,
    ad_account_id         bigint NOT NULL REFERENCES app.ad_accounts,
    external_creative_id  text NOT NULL,
    kind                  text,
    title                 text,
    body                  text,
    landing_url           text,
    url_params            jsonb,
    media_urls            text[],
    thumbnail_phash       bytea,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX creatives_account ON app.creatives (ad_account_id);

-- external_ad_id repeats across ad sets: one Google ad may run in several ad groups.
CREATE TABLE app.ads (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id       uuid NOT NULL,
    ad_set_id          bigint NOT NULL REFERENCES app.ad_sets ON DELETE CASCADE,
    creative_id        bigint REFERENCES app.creatives ON DELETE SET NULL,
    external_ad_id     text NOT NULL,  -- 18 digits: more than a double holds
    name               text NOT NULL,
    status             app.ad_entity_status NOT NULL DEFAULT 'active',
    tracking_template  text,
    utm                jsonb,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (ad_set_id, external_ad_id)
);
CREATE INDEX ads_creative ON app.ads (creative_id);
CREATE INDEX ads_external ON app.ads (external_ad_id);

-- Delivery by hour, restated for about four weeks. entity_id is a campaign's, an ad set's or an ad's: no foreign key
-- can say so. Each cent stands once, at the lowest level that the platform reports.
CREATE TABLE app.ad_spend_hourly (
    workspace_id               uuid NOT NULL,
    ad_account_id              bigint NOT NULL REFERENCES app.ad_accounts,
    entity_level               app.ad_level NOT NULL,
    entity_id                  bigint NOT NULL,
    hour_start                 timestamptz NOT NULL,
    account_local_hour         timestamp,  -- the wall clock of the account
    granularity                text NOT NULL DEFAULT 'hour' CHECK (granularity IN ('hour', 'day')),
    spend                      numeric(18,6) NOT NULL,
    currency                   char(3) NOT NULL,
    impressions                bigint NOT NULL DEFAULT 0,
    clicks_all                 int NOT NULL DEFAULT 0,
    link_clicks                int NOT NULL DEFAULT 0,
    video_views                int NOT NULL DEFAULT 0,
    platform_conversions       numeric(12,4),
    platform_conversion_value  numeric(14,2),
    is_final                   boolean NOT NULL DEFAULT false,
    raw                        jsonb,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_level, entity_id, hour_start)
);
CREATE INDEX ad_spend_hourly_account ON app.ad_spend_hourly (ad_account_id, hour_start);
