-- Who uses the product: workspaces (tenants), their people, their shops and how they count.
CREATE TABLE app.workspaces (
    id                  uuid PRIMARY KEY,
    name                text NOT NULL,
    slug                text NOT NULL UNIQUE,
    plan                app.workspace_plan NOT NULL DEFAULT 'trial',
    reporting_currency  char(3) NOT NULL DEFAULT 'USD',
    week_starts_on      smallint NOT NULL DEFAULT 1 CHECK (week_starts_on BETWEEN 0 AND 6),
    settings            jsonb NOT NULL DEFAULT '{}',
    feature_flags       text[],
    trial_ends_at       timestamptz,
    deleted_at          timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app.users (
    id                  uuid PRIMARY KEY,
    workspace_id        uuid NOT NULL,
    email               text NOT NULL,
    full_name           text,
    role                app.user_role NOT NULL DEFAULT 'viewer',
    password_hash       bytea,  -- never published
    locale              text,
    is_active           boolean NOT NULL DEFAULT true,
    last_login_at       timestamptz,
    last_login_ip       inet,
    notification_prefs  jsonb,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_workspace ON app.users (workspace_id);
CREATE INDEX users_email ON app.users (lower(email));

CREATE TABLE app.shops (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id            uuid NOT NULL,
    platform                app.shop_platform NOT NULL,
    external_shop_id        text NOT NULL,
    domain                  text NOT NULL,
    name                    text NOT NULL,
    currency                char(3) NOT NULL,
    timezone                text NOT NULL,  -- IANA
    taxes_included          boolean NOT NULL DEFAULT false,
    presentment_currencies  text[],
    country                 char(2),
    installed_at            timestamptz,
    uninstalled_at          timestamptz,
    is_active               boolean NOT NULL DEFAULT true,
    metadata                jsonb,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shops_workspace ON app.shops (workspace_id);

-- A handful of edits a month; mirrored by periodic snapshots.
CREATE TABLE app.attribution_settings (
    workspace_id            uuid NOT NULL,
    shop_id                 bigint NOT NULL REFERENCES app.shops,
    effective_from          timestamptz NOT NULL,
    default_model           app.attribution_model NOT NULL DEFAULT 'last_non_direct',
    click_lookback          interval NOT NULL DEFAULT '28 days',
    view_lookback           interval NOT NULL DEFAULT '1 day',
    half_life               interval NOT NULL DEFAULT '7 days',
    session_timeout         interval NOT NULL DEFAULT '30 minutes',
    position_weights        numeric(5,4)[] NOT NULL DEFAULT '{0.4,0.2,0.4}',
    include_direct          boolean NOT NULL DEFAULT false,
    reset_after_conversion  boolean NOT NULL DEFAULT false,
    view_through_enabled    boolean NOT NULL DEFAULT false,
    revenue_basis           text NOT NULL DEFAULT 'gross_less_discounts',
    accounting_mode         text NOT NULL DEFAULT 'cash',
    channel_rules           jsonb,
    updated_by              uuid REFERENCES app.users ON DELETE SET NULL,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, shop_id, effective_from)
);

-- Daily rates, the same for every tenant; mirrored by periodic snapshots.
-- rate: units of quote_currency for one base_currency.
CREATE TABLE app.exchange_rates (
    base_currency   char(3) NOT NULL,
    quote_currency  char(3) NOT NULL,
    rate_date       date NOT NULL,
    rate            numeric(20,10) NOT NULL,
    source          text,
    fetched_at      timestamptz,
    is_estimated    boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (base_currency, quote_currency, rate_date)
);
