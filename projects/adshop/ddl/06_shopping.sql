-- From the cart to the return. Amounts are in the shop's currency unless the name says otherwise.
CREATE TABLE app.carts (
    id                   uuid PRIMARY KEY,
    workspace_id         uuid NOT NULL,
    shop_id              bigint NOT NULL REFERENCES app.shops,
    visitor_id           uuid NOT NULL REFERENCES app.visitors ON DELETE CASCADE,
    session_id           uuid NOT NULL REFERENCES app.sessions ON DELETE CASCADE,
    customer_id          bigint REFERENCES app.customers ON DELETE SET NULL,
    converted_order_id   bigint,
    currency             char(3) NOT NULL,
    status               app.cart_status NOT NULL DEFAULT 'active',
    lines                jsonb NOT NULL DEFAULT '[]',
    item_count           int NOT NULL DEFAULT 0,
    subtotal_amount      numeric(14,2) NOT NULL DEFAULT 0,
    first_item_added_at  timestamptz,
    abandoned_at         timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX carts_visitor ON app.carts (visitor_id);
CREATE INDEX carts_session ON app.carts (session_id);
CREATE INDEX carts_converted_order ON app.carts (converted_order_id) WHERE converted_order_id IS NOT NULL;

-- Carts are cleaned up after their time, checkouts stay and keep naming theirs: cart_id has no foreign key.
CREATE TABLE app.checkouts (
    id              uuid PRIMARY KEY,
    workspace_id    uuid NOT NULL,
    shop_id         bigint NOT NULL REFERENCES app.shops,
    cart_id         uuid,
    visitor_id      uuid NOT NULL REFERENCES app.visitors ON DELETE CASCADE,
    session_id      uuid NOT NULL REFERENCES app.sessions ON DELETE CASCADE,
    customer_id     bigint REFERENCES app.customers ON DELETE SET NULL,
    order_id        bigint,
    token           text NOT NULL,
    status          app.checkout_status NOT NULL DEFAULT 'open',
    started_at      timestamptz NOT NULL,
    contact_at      timestamptz,
    shipping_at     timestamptz,
    payment_at      timestamptz,
    completed_at    timestamptz,
    currency        char(3) NOT NULL,
    total_amount    numeric(14,2) NOT NULL DEFAULT 0,
    discount_codes  text[],
    email_sha256    bytea,
    client_ip       inet,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX checkouts_visitor ON app.checkouts (visitor_id);
CREATE INDEX checkouts_session ON app.checkouts (session_id);
CREATE INDEX checkouts_cart ON app.checkouts (cart_id) WHERE cart_id IS NOT NULL;
CREATE INDEX checkouts_order ON app.checkouts (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE app.orders (
    id                        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id              uuid NOT NULL,
    shop_id                   bigint NOT NULL REFERENCES app.shops,
    customer_id               bigint REFERENCES app.customers ON DELETE SET NULL,
    checkout_id               uuid REFERENCES app.checkouts ON DELETE SET NULL,
    visitor_id                uuid REFERENCES app.visitors ON DELETE SET NULL,
    session_id                uuid REFERENCES app.sessions ON DELETE SET NULL,
    external_order_id         text NOT NULL,
    order_name                text,
    source_name               text NOT NULL DEFAULT 'web',  -- web, pos, draft, subscription
    financial_status          app.financial_status NOT NULL DEFAULT 'pending',
    fulfillment_status        text,
    currency                  char(3) NOT NULL,
    presentment_currency      char(3),
    presentment_total         numeric(18,4),
    fx_presentment_to_shop    numeric(18,10),
    discount_amount           numeric(14,2) NOT NULL DEFAULT 0,
    shipping_amount           numeric(14,2) NOT NULL DEFAULT 0,
    shipping_discount_amount  numeric(14,2) NOT NULL DEFAULT 0,
    tax_amount                numeric(14,2) NOT NULL DEFAULT 0,
    duties_amount             numeric(14,2) NOT NULL DEFAULT 0,
    tip_amount                numeric(14,2) NOT NULL DEFAULT 0,
    total_amount              numeric(14,2) NOT NULL DEFAULT 0,
    taxes_included            boolean NOT NULL DEFAULT false,
    is_test                   boolean NOT NULL DEFAULT false,
    email_sha256              bytea,
    tags                      text[],
    discount_codes            text[],
    note_attributes           jsonb,  -- what apps attach; may be large and is then stored out of line
    landing_url               text,
    client_ip                 inet,
    processed_at              timestamptz,
    cancelled_at              timestamptz,
    edited_at                 timestamptz,
    cancel_reason             text,
    created_at                timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_shop_processed ON app.orders (shop_id, processed_at);
CREATE INDEX orders_customer ON app.orders (customer_id);
CREATE INDEX orders_visitor ON app.orders (visitor_id) WHERE visitor_id IS NOT NULL;
CREATE INDEX orders_session ON app.orders (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX orders_checkout ON app.orders (checkout_id) WHERE checkout_id IS NOT NULL;

CREATE TABLE app.order_lines (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id       uuid NOT NULL,
    order_id           bigint NOT NULL REFERENCES app.orders ON DELETE CASCADE,
    product_id         bigint REFERENCES app.products,
    variant_id         bigint REFERENCES app.product_variants,
    title              text NOT NULL,
    sku                text,
    quantity           int NOT NULL,
    unit_price         numeric(14,2) NOT NULL,
    line_gross         numeric(14,2) GENERATED ALWAYS AS (quantity * unit_price) STORED,
    discount_amount    numeric(14,2) NOT NULL DEFAULT 0,
    tax_rate           numeric(7,5) NOT NULL DEFAULT 0,
    tax_amount         numeric(14,2) NOT NULL DEFAULT 0,
    unit_cost          numeric(14,4),
    is_gift_card       boolean NOT NULL DEFAULT false,
    requires_shipping  boolean NOT NULL DEFAULT true,
    properties         jsonb,
    added_at           timestamptz,  -- after processed_at when an edit added it
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX order_lines_order ON app.order_lines (order_id);
CREATE INDEX order_lines_product ON app.order_lines (product_id);
CREATE INDEX order_lines_variant ON app.order_lines (variant_id);

CREATE TABLE app.order_discounts (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id      uuid NOT NULL,
    order_id          bigint NOT NULL REFERENCES app.orders ON DELETE CASCADE,
    order_line_id     bigint REFERENCES app.order_lines ON DELETE CASCADE,  -- NULL: of the shipping
    code              text,
    kind              app.discount_kind NOT NULL,
    value_type        text,
    value             numeric(14,4),
    allocated_amount  numeric(14,2) NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX order_discounts_order ON app.order_discounts (order_id);
CREATE INDEX order_discounts_line ON app.order_discounts (order_line_id);

CREATE TABLE app.payment_transactions (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id  uuid NOT NULL,
    order_id      bigint NOT NULL REFERENCES app.orders ON DELETE CASCADE,
    parent_id     bigint REFERENCES app.payment_transactions ON DELETE SET NULL,
    kind          app.tx_kind NOT NULL,
    status        app.tx_status NOT NULL,
    gateway       text,
    amount        numeric(14,2) NOT NULL,
    currency      char(3) NOT NULL,
    fx_to_shop    numeric(18,10),
    gateway_ref   text,
    fee_amount    numeric(14,4),
    is_test       boolean NOT NULL DEFAULT false,
    error_code    text,
    receipt       jsonb,
    processed_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payment_transactions_order ON app.payment_transactions (order_id);
CREATE INDEX payment_transactions_parent ON app.payment_transactions (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE app.refunds (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id            uuid NOT NULL,
    order_id                bigint NOT NULL REFERENCES app.orders ON DELETE CASCADE,
    processed_by            uuid REFERENCES app.users ON DELETE SET NULL,
    kind                    app.refund_kind NOT NULL DEFAULT 'refund',
    status                  app.refund_status NOT NULL DEFAULT 'pending',
    reason                  text,
    shipping_amount         numeric(14,2) NOT NULL DEFAULT 0,
    shipping_tax_amount     numeric(14,2) NOT NULL DEFAULT 0,
    adjustment_amount       numeric(14,2) NOT NULL DEFAULT 0,
    total_amount            numeric(14,2) NOT NULL DEFAULT 0,  -- tender, at the rate of the refund's day
    presentment_amount      numeric(18,4),
    presentment_currency    char(3),
    fx_presentment_to_shop  numeric(18,10),
    restock                 boolean NOT NULL DEFAULT false,
    processed_at            timestamptz,  -- filled when it succeeds
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refunds_order ON app.refunds (order_id);

CREATE TABLE app.refund_lines (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id     uuid NOT NULL,
    refund_id        bigint NOT NULL REFERENCES app.refunds ON DELETE CASCADE,
    order_line_id    bigint NOT NULL REFERENCES app.order_lines ON DELETE CASCADE,
    quantity         int NOT NULL,
    subtotal_amount  numeric(14,2) NOT NULL,  -- after discount, before tax, at the order's rate
    tax_amount       numeric(14,2) NOT NULL DEFAULT 0,
    restock_type     text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refund_lines_refund ON app.refund_lines (refund_id);
CREATE INDEX refund_lines_order_line ON app.refund_lines (order_line_id);

-- The circle: an order knows its checkout, a checkout and a cart know their order. No order of tables has parents first.
ALTER TABLE app.carts ADD FOREIGN KEY (converted_order_id) REFERENCES app.orders ON DELETE SET NULL;
ALTER TABLE app.checkouts ADD FOREIGN KEY (order_id) REFERENCES app.orders ON DELETE SET NULL;
