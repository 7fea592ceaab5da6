"""Fills a database with millions of rows, as after years of use, by SQL in PostgreSQL.

Sellers differ in size: the first one has a tenth of all rows. All people are invented.
"""

import sys
import time
from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from psycopg import sql

from flowzz.accounts.models import User
from integrations.models import Integration
from integrations.monitoring import hourly_stats
from integrations.providers.coinzz import COINZZ

SALES = 1_000_000
SELLERS = 1_000
CLIENTS_PER_SALE = 0.4
YEARS = "interval '730 days'"


CAUSE = """(array['invalid_json', 'invalid_money:order.order_final_price', 'missing_identity',
    'parser_fault:KeyError'])[1 + sale_n %% 4]"""
INDEXES = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
            pg_get_constraintdef(oid))
    FROM pg_constraint u
    WHERE contype = 'u' AND conparentid = 0 AND connamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conindid = u.conindid)
    UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass),
        replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index JOIN pg_class t ON t.oid = indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
SELLER = f"floor({SELLERS} * (random() ^ 2))::int"
STATEMENTS = f"""
CREATE TEMP TABLE seller AS
    SELECT row_number() OVER () - 1 AS n, i.user_id, i.id AS integration_id
    FROM integrations_integration i;

CREATE TEMP TABLE new_client AS
    SELECT n, {SELLER} AS seller, uuidv7(-{YEARS} * (1 - n / %(clients)s::float)) AS id,
        (array['Ana','Bruno','Carla','Davi','Elisa','Fábio','Gilda','Hugo','Íris','Jonas'])
            [1 + n %% 10] || ' ' ||
        (array['Alves','Barros','Castro','Duarte','Esteves','Farias','Gomes','Horta','Lima',
               'Moura','Nunes','Pires','Rocha'])[1 + n %% 13] || ' ' || n AS name
    FROM generate_series(1, %(clients)s) n;

INSERT INTO clients_client (id, user_id, name, email, phone, cpf, document_valid,
    document_identifies, address, address_number, district, complement, city, state, cep, country,
    status, created_at, updated_at)
    SELECT c.id, s.user_id, c.name, 'pessoa' || c.n || '@example.com',
        '+55119' || lpad(c.n::text, 8, '0'),
        CASE WHEN c.n %% 5 > 0 THEN lpad((c.n * 97)::text, 11, '0') ELSE '' END,
        c.n %% 5 > 0, c.n %% 5 > 0, 'Rua das Amoras', c.n::text, 'Centro', '', 'Santa Maria', 'RS',
        '97010000', 'BR', 'ACTIVE', uuid_extract_timestamp(c.id), now()
    FROM new_client c JOIN seller s ON s.n = c.seller;

CREATE TEMP TABLE new_sale AS
    SELECT c.*, row_number() OVER () AS sale_n, at, uuidv7(at - now()) AS sale_id, chance
    FROM (SELECT n AS number, 1 + floor(%(clients)s * random())::int AS client_n,
            now() - {YEARS} * (1 - n / %(sales)s::float) AS at, random() AS chance
          FROM generate_series(1, %(sales)s) n) x
    JOIN new_client c ON c.n = x.client_n;

INSERT INTO sales_sale (id, user_id, client_id, client_match, source, external_id, product_name,
    product_sku, quantity, unit_price, total_price, commission, status, shipping_status,
    unknown_status, unknown_shipping_status, payment_method, payment_code, tracking_code,
    sale_date, paid_at, metadata, observed_at, created_at, updated_at)
    SELECT m.sale_id, s.user_id, m.id, 'documento', 'coinzz', 'ord' || to_hex(m.sale_n),
        'Produto ' || m.seller || '-' || m.sale_n %% 7, 'sku' || m.sale_n %% 7, 1, 197.9, 197.9, 90,
        CASE WHEN chance < .3 THEN 'PENDING' WHEN chance < .6 THEN 'DELIVERED'
             WHEN chance < .8 THEN 'PAID' WHEN chance < .9 THEN 'SHIPPED'
             WHEN chance < .98 THEN 'CANCELLED' ELSE 'REFUNDED' END,
        CASE WHEN chance < .5 THEN 'PENDING' WHEN chance < .85 THEN 'DELIVERED'
             WHEN chance < .99 THEN 'SHIPPED' ELSE 'RETURNED' END,
        CASE WHEN m.sale_n %% 500 = 0 THEN 'palavra ' || m.sale_n %% 12 ELSE '' END, '', 'pix',
        'PIX', '', at, at,
        jsonb_build_object('transaction', md5(m.sale_n::text), 'observation', repeat('x', 120)) ||
        CASE WHEN chance < .4 THEN jsonb_build_object('utms', jsonb_build_object('source', 'fb',
            'campaign', 'campanha ' || m.sale_n %% 3000)) ELSE '{{}}' END,
        at, at, at
    FROM new_sale m JOIN seller s ON s.n = m.seller;

INSERT INTO sales_salestatuschange (id, sale_id, field, from_status, to_status, changed_at,
    origin, origin_id)
    SELECT uuidv7(at - now()), sale_id, 'status', '', 'PENDING', at, 'event', gen_random_uuid()
    FROM new_sale
    UNION ALL SELECT uuidv7(at - now()), sale_id, 'status', 'PENDING', 'PAID', at, 'event',
        gen_random_uuid() FROM new_sale WHERE chance > .3;

INSERT INTO sales_subscription (id, user_id, client_id, source, subscription_hash, status,
    unknown_status, frequency, cycle, next_charge_date, product_name, observed_at, created_at,
    updated_at)
    SELECT uuidv7(at - now()), s.user_id, m.id, 'coinzz', 'sub' || to_hex(sale_n),
        CASE WHEN chance < .8 THEN 'ACTIVE' ELSE 'CANCELLED' END, '', 'mensal', 1, at, 'Clube', at,
        at, at
    FROM new_sale m JOIN seller s ON s.n = m.seller WHERE sale_n %% 20 = 0;

INSERT INTO sales_subscriptioncycle (id, subscription_id, cycle, sale_id, next_charge_date,
    observed_at)
    SELECT uuidv7(created_at - now()), id, c, NULL, now(), created_at
    FROM sales_subscription, generate_series(1, 3) c;

INSERT INTO sales_affiliationrequest (id, user_id, source, fingerprint, affiliate_name,
    affiliate_email, affiliate_phone, product_name, status, observed_at, created_at, updated_at)
    SELECT uuidv7(at - now()), s.user_id, 'coinzz', md5(sale_n::text), name,
        'afiliado' || sale_n || '@example.com', '', 'Clube', 'Pendente', at, at, at
    FROM new_sale m JOIN seller s ON s.n = m.seller WHERE sale_n %% 50 = 0;

INSERT INTO integrations_webhookevent (id, integration_id, provider, body_size, body_hash,
    received_at, kind, external_id, state, outcome, reason, error, cause, attempts,
    is_replay, finished_at)
    SELECT uuidv7(at - now()), s.integration_id, 'coinzz', 690, sha256(sale_n::text::bytea),
        at, 'order', 'ord' || to_hex(sale_n),
        CASE WHEN chance < .97 THEN 'DONE' WHEN chance < .995 THEN 'IGNORED' ELSE 'QUARANTINED' END,
        CASE WHEN chance < .5 THEN 'created' WHEN chance < .97 THEN 'updated'
             WHEN chance < .995 THEN 'duplicate' ELSE '' END,
        CASE WHEN chance < .995 THEN '' ELSE split_part({CAUSE}, ':', 1) END,
        CASE WHEN chance < .995 THEN '' ELSE 'campo: não pode ser lido' END,
        CASE WHEN chance < .995 THEN '' ELSE {CAUSE} END,
        1, false, at + interval '2 seconds' * chance
    FROM new_sale m JOIN seller s ON s.n = m.seller;

INSERT INTO integrations_webhookpayload (event_id, body, headers)
    SELECT id, convert_to('{{"order": {{"order_number": "' || external_id || '"}}, "x": "' ||
        repeat(md5(external_id), 20) || '"}}', 'UTF8'), '{{}}'
    FROM integrations_webhookevent;

INSERT INTO integrations_eventfailure (id, event_id, attempt, at, reason, error)
    SELECT uuidv7(received_at - now()), id, n, received_at, reason, error
    FROM integrations_webhookevent, generate_series(1, 3) n WHERE state = 'QUARANTINED';

INSERT INTO integrations_statusmapping (id, provider, field, word, status, first_seen_at)
    SELECT uuidv7(), 'coinzz', field, 'palavra ' || n, '', now()
    FROM generate_series(0, 11) n, unnest(array['order', 'shipping', 'subscription']) field;

INSERT INTO integrations_syncrun (id, integration_id, trigger, is_full, state, next_page, pages,
    processed, created, updated, unchanged, errors, missed, attempts, error_code, error, created_at,
    started_at, finished_at)
    SELECT uuidv7(at - now()), s.integration_id, 'schedule', false,
        CASE WHEN x.n %% 50 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, 1, 1, 3, 1, 1, 1, 0, 0, 1,
        '', '', at, at, at
    FROM (SELECT n, now() - {YEARS} * (1 - n / %(runs)s::float) AS at
          FROM generate_series(1, %(runs)s) n) x
    JOIN seller s ON s.n = x.n %% {SELLERS};

INSERT INTO integrations_syncfinding (id, run_id, kind, external_id, message, fields)
    SELECT uuidv7(created_at - now()), id, 'differs', 'ord1f', '', '[]'
    FROM integrations_syncrun;

INSERT INTO integrations_syncfinding (id, run_id, kind, external_id, message, fields, value)
    SELECT uuidv7(), (SELECT max(id::text)::uuid FROM integrations_syncrun),
        (array['error', 'missed', 'differs'])[1 + n %% 3], 'ord' || to_hex(n), '', '[]', 197.9
    FROM generate_series(1, 500) n;

INSERT INTO integrations_hourlywebhookcount (integration_id, hour, count)
    SELECT integration_id, date_trunc('hour', now()) - interval '1 hour' * hour, 1 + n %% 40
    FROM seller, generate_series(0, 167) hour;

INSERT INTO integrations_webhooktoken (id, integration_id, token_hash, token, created_at)
    SELECT uuidv7(), integration_id, md5(n::text), '', now() FROM seller;

INSERT INTO integrations_alert (id, integration_id, kind, message, opened_at, resolved_at,
    opening_mailed, resolution_mailed)
    SELECT uuidv7(at - now()), s.integration_id, 'sync_late', 'Sem sincronização', at,
        CASE WHEN x.n < 9940 THEN at + interval '1 hour' END, true, true
    FROM (SELECT n, now() - {YEARS} * (1 - n / 10000.0) AS at FROM generate_series(1, 10000) n) x
    JOIN seller s ON s.n = x.n * 7 %% {SELLERS};

INSERT INTO integrations_salesimport (id, integration_id, file_name, is_preview, state, columns,
    total, processed, created, updated, unchanged, errors, error_lines, attempts, error,
    created_at)
    SELECT uuidv7(), integration_id, 'vendas.csv', false, 'SUCCEEDED',
        '[{{"header": "Pedido", "field": "número"}}]', 500, 500, 500, 0, 0, 0, '[]', 0, '', now()
    FROM seller;

INSERT INTO integrations_bulkaction (id, kind, state, cause, previous_status, reason, total,
    processed, failed, outcomes, cursor_key, batch, attempts, error, created_at)
    SELECT uuidv7(), 'replay', 'SUCCEEDED', 'invalid_json', '', '', 500, 500, 0, '{{}}', '', '{{}}',
        0, '', now()
    FROM seller;

INSERT INTO sales_export (id, requested_by_id, subject, format, query, state, is_masked, total,
    processed, size, attempts, error, created_at, expires_at)
    SELECT uuidv7(), user_id, 'sales', 'csv', '', 'SUCCEEDED', true, 500, 500, 5000, 1, '', now(),
        now() + interval '1 day'
    FROM seller;

INSERT INTO accounts_staffaction (id, created_at, actor_id, action, target_id, target_label, reason,
    details, ip_address)
    SELECT uuidv7(at - now()), at, user_id, 'Ação ' || sale_n %% 20, sale_id, 'uma venda', '',
        '{{}}', '127.0.0.1'
    FROM new_sale m JOIN seller s ON s.n = m.seller WHERE sale_n %% 5 = 0;
"""


def fill_with_sellers(sales: int) -> None:
    """Fill an empty migrated database, and print the progress to the error output."""
    sellers = [User(email=f"vendedora{n}@flowzz.test") for n in range(SELLERS)]
    User.objects.bulk_create(sellers)
    Integration.objects.bulk_create(
        Integration(user=user, provider=COINZZ, status="CONNECTED") for user in sellers
    )
    started = time.perf_counter()
    _set_defaults()
    for step in fill(sales):
        print(f"{time.perf_counter() - started:6.1f} s  {step}", file=sys.stderr)  # noqa: T201 - progress
    hourly_stats.recount_hourly_stats()


def _set_defaults() -> None:
    """Give columns the defaults of their fields, so that the statements survive new columns."""
    with connection.cursor() as cursor, connection.schema_editor(collect_sql=True) as editor:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                value = editor.effective_default(field)
                if field.null or field.primary_key or value is None:
                    continue
                column = map(sql.Identifier, (model._meta.db_table, field.column or field.name))
                change = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}")
                cursor.execute(change.format(*column, sql.Literal(value)))


def fill(sales: int = SALES) -> Iterator[str]:
    """Fill a migrated database that has only sellers. Yields the name of each step."""
    parameters = {"sales": sales, "clients": int(sales * CLIENTS_PER_SALE), "runs": sales // 10}
    with connection.cursor() as cursor:
        # The rows are consistent by construction, so triggers and foreign keys are off. Indexes
        # are built from whole tables: that is several times as fast as row by row.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
        cursor.execute(INDEXES)
        drops, creations = zip(*cursor.fetchall(), strict=True)
        cursor.execute("; ".join(drops))
        for statement in STATEMENTS.split(";\n\n"):
            yield " ".join(statement.split()[:3])
            cursor.execute(statement, parameters)
        for creation in creations:
            yield creation
            cursor.execute(creation)
        cursor.execute("SET session_replication_role = origin; SET synchronous_commit = on")
        cursor.execute("RESET maintenance_work_mem; RESET work_mem")
        cursor.execute("DROP TABLE seller, new_client, new_sale")
        yield "VACUUM ANALYZE"
        cursor.execute("VACUUM ANALYZE")
