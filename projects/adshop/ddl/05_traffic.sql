-- Who comes, from where, and what they look at. The three append-heavy tables are partitioned by month.

-- Deleting a visitor erases a browser's whole trace; its orders stay, without it.
CREATE TABLE app.visitors (
    id                      uuid PRIMARY KEY,
    workspace_id            uuid NOT NULL,
    shop_id                 bigint NOT NULL REFERENCES app.shops,
    customer_id             bigint REFERENCES app.customers ON DELETE SET NULL,  -- known from the first login on
    merged_into_visitor_id  uuid REFERENCES app.visitors ON DELETE SET NULL,
    first_seen_at           timestamptz NOT NULL,
    last_seen_at            timestamptz NOT NULL,
    first_landing_url       text,
    first_utm               jsonb,
    first_referrer          text,
    first_ip                inet,
    device_fingerprint      bytea,
    consent                 app.consent_state NOT NULL DEFAULT 'unknown',
    country                 char(2),
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX visitors_customer ON app.visitors (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX visitors_merged ON app.visitors (merged_into_visitor_id) WHERE merged_into_visitor_id IS NOT NULL;

CREATE TABLE app.sessions (
    id                uuid PRIMARY KEY,
    workspace_id      uuid NOT NULL,
    shop_id           bigint NOT NULL REFERENCES app.shops,
    visitor_id        uuid NOT NULL REFERENCES app.visitors ON DELETE CASCADE,
    ad_click_id       uuid,  -- of ad_clicks; no foreign key, its key has the month in it
    started_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    last_activity_at  timestamptz NOT NULL,
    landing_path      text,
    referrer          text,
    utm_source        text,
    utm_medium        text,
    utm_campaign      text,
    utm_content       text,
    utm_term          text,
    channel           app.channel,  -- decided a moment after the start
    device            app.device_type NOT NULL DEFAULT 'other',
    browser           text,
    ip                inet,
    country           char(2),
    is_bot            boolean NOT NULL DEFAULT false,
    page_view_count   int NOT NULL DEFAULT 0,
    is_new_visitor    boolean NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_visitor ON app.sessions (visitor_id);
CREATE INDEX sessions_shop_started ON app.sessions (shop_id, started_at);

CREATE TABLE app.page_views (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id  uuid NOT NULL,
    shop_id       bigint NOT NULL REFERENCES app.shops,
    session_id    uuid NOT NULL REFERENCES app.sessions ON DELETE CASCADE,
    visitor_id    uuid NOT NULL REFERENCES app.visitors ON DELETE CASCADE,
    product_id    bigint REFERENCES app.products,
    occurred_at   timestamptz NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT now(),
    page_type     app.page_type NOT NULL DEFAULT 'other',
    url           text NOT NULL,
    path          text,
    title         text,
    variant_id    bigint,
    search_term   text,
    engaged_ms    int,
    scroll_depth  real,
    properties    jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX page_views_session ON app.page_views (session_id);
CREATE INDEX page_views_visitor ON app.page_views (visitor_id);

-- Clicks and impressions outlive a hard-deleted ad and keep naming it: ad_id has no foreign key.
CREATE TABLE app.ad_impressions (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id    uuid NOT NULL,
    ad_id           bigint,
    external_ad_id  text,
    visitor_id      uuid REFERENCES app.visitors ON DELETE SET NULL,
    occurred_at     timestamptz NOT NULL,
    placement       text,
    device          app.device_type NOT NULL DEFAULT 'other',
    country         char(2),
    viewable        boolean,
    cost_micros     bigint,
    ip              inet,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX ad_impressions_visitor ON app.ad_impressions (visitor_id) WHERE visitor_id IS NOT NULL;

CREATE TABLE app.ad_clicks (
    id              uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    ad_id           bigint,  -- filled once the platform's ad is known here
    visitor_id      uuid REFERENCES app.visitors ON DELETE SET NULL,
    platform        app.ad_platform NOT NULL,
    external_ad_id  text,
    click_id_type   app.click_id_type,
    click_id        text,  -- case sensitive
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    landing_url     text,
    utm             jsonb,
    referrer        text,
    ip              inet,
    user_agent      text,
    is_bot          boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX ad_clicks_visitor ON app.ad_clicks (visitor_id) WHERE visitor_id IS NOT NULL;
CREATE INDEX ad_clicks_click_id ON app.ad_clicks (click_id);

CREATE TABLE app.page_views_default PARTITION OF app.page_views DEFAULT;
CREATE TABLE app.ad_impressions_default PARTITION OF app.ad_impressions DEFAULT;
CREATE TABLE app.ad_clicks_default PARTITION OF app.ad_clicks DEFAULT;

-- Creates the missing monthly partitions from the month of first_day to that of last_day; what falls outside of them
-- lands in the default partitions. Returns how many were made.
CREATE FUNCTION app.ensure_partitions(first_day date, last_day date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    month date;
    name text;
    made int := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['page_views', 'ad_impressions', 'ad_clicks'] LOOP
        FOR month IN SELECT generate_series(date_trunc('month', first_day), date_trunc('month', last_day), '1 month') LOOP
            name := parent || to_char(month, '_YYYY_MM');
            CONTINUE WHEN to_regclass('app.' || name) IS NOT NULL;
            -- Bounds in UTC, whatever the session's zone.
            EXECUTE format('CREATE TABLE app.%I PARTITION OF app.%I FOR VALUES FROM (%L) TO (%L)', name, parent,
                           month::text || ' 00:00+00', (month + interval '1 month')::date::text || ' 00:00+00');
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
