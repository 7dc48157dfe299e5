-- What shops sell, and to whom. Products are retired by deleted_at; a sold one can't be hard-deleted.
CREATE TABLE app.products (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id         uuid NOT NULL,
    shop_id              bigint NOT NULL REFERENCES app.shops,
    external_product_id  text NOT NULL,
    title                text NOT NULL,
    handle               text NOT NULL,
    vendor               text,
    product_type         text,
    status               text NOT NULL DEFAULT 'active',
    tags                 text[],
    options              jsonb,
    published_at         timestamptz,
    deleted_at           timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX products_shop ON app.products (shop_id);

CREATE TABLE app.product_variants (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id         uuid NOT NULL,
    product_id           bigint NOT NULL REFERENCES app.products ON DELETE CASCADE,
    external_variant_id  text NOT NULL,
    sku                  text,
    title                text,
    price                numeric(14,2) NOT NULL,
    compare_at_price     numeric(14,2),
    unit_cost            numeric(14,4),
    weight_grams         double precision,
    barcode              text,
    inventory_quantity   int NOT NULL DEFAULT 0,
    requires_shipping    boolean NOT NULL DEFAULT true,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX product_variants_product ON app.product_variants (product_id);

CREATE TABLE app.customers (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id          uuid NOT NULL,
    shop_id               bigint NOT NULL REFERENCES app.shops,
    external_customer_id  text NOT NULL,
    email                 text,
    email_sha256          bytea,
    phone_e164            text,
    first_name            text,
    last_name             text,
    accepts_marketing     boolean NOT NULL DEFAULT false,
    tags                  text[],
    default_address       jsonb,
    birth_date            date,
    state                 text,
    redacted_at           timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customers_shop ON app.customers (shop_id);
CREATE INDEX customers_email ON app.customers (email_sha256);
