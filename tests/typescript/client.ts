// A small frontend, typed by the API's document only, which calls a running server.
// node client.js <server> <e-mail> <password> <Coinzz API key>

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

type Sale = components["schemas"]["Sale"];

const [, , baseUrl, email, password, apiKey] = process.argv as string[];
if (!baseUrl || !email || !password || !apiKey) throw new Error("arguments missing");

const api = createClient<paths>({ baseUrl });

function dataOf<T>(response: { data?: T; error?: { message: string } }): T {
    if (response.data === undefined) throw new Error(response.error?.message ?? "no data");
    return response.data;
}

// 1. Without a token the API returns an error of the documented form.
const refused = await api.GET("/api/v1/sales");
console.log("refused", refused.response.status, refused.error?.error);

// 2. Log in. Every later request has the token.
const tokens = dataOf(await api.POST("/api/v1/auth/token", { body: { email, password } })).data;
const bearer: Middleware = {
    onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${tokens.access}`);
        return request;
    },
};
api.use(bearer);

// 3. The user has no integration yet.
const before = await api.GET("/api/v1/integrations/coinzz/status");
console.log("status", before.response.status, before.error?.error);

// 4. A key that is too short is refused with a reason for the field.
const invalid = await api.POST("/api/v1/integrations/coinzz/connect", { body: { apiKey: "curta" } });
console.log("invalid", invalid.error?.error, invalid.error?.details?.[0]?.field);

// 5. Connect, and wait for the first sync.
const connected = dataOf(await api.POST("/api/v1/integrations/coinzz/connect", { body: { apiKey } }));
console.log("connected", connected.data.status, connected.message);
let status = connected.data;
while (status.currentSync) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    status = dataOf(await api.GET("/api/v1/integrations/coinzz/status")).data;
}
console.log("first sync", status.lastSyncStatus, status.totalSalesSynced);

// 6. Sync again: there are no new sales.
const run = dataOf(await api.POST("/api/v1/integrations/coinzz/sync", { body: { forceFullSync: true } }));
console.log("sync", run.data.success, run.data.salesCreated, run.data.salesUnchanged);

// 7. Read all pages of sales by the cursor in `next`; two are deleted, and not listed.
const sales: Sale[] = [];
let cursor: string | undefined;
do {
    const page = dataOf(
        await api.GET("/api/v1/sales", { params: { query: cursor ? { cursor } : {} } }),
    );
    sales.push(...page.data);
    cursor = page.next ? (new URL(page.next).searchParams.get("cursor") ?? undefined) : undefined;
} while (cursor);
const prices: string[] = sales.map((sale) => sale.totalPrice);
console.log("sales", sales.length, new Set(sales.map((sale) => sale.id)).size, prices.every((price) => /^\d+\.\d\d$/.test(price)));

// 8. Preview a file: nothing is stored.
const preview = dataOf(
    await api.POST("/api/v1/sales/import", {
        body: { file: "Pedido;Valor\nordnovo;10,00\n", preview: true, exportedAt: null },
        bodySerializer(body) {
            const form = new FormData();
            form.set("file", new Blob([body.file]), "vendas.csv");
            form.set("preview", String(body.preview));
            return form;
        },
    }),
);
console.log("preview", preview.data.salesCreated, preview.data.errors);

// 9. Disconnect. A repeated call with the same idempotency key gets the same response.
const idempotent = { params: { header: { "Idempotency-Key": crypto.randomUUID() } } };
const disconnected = dataOf(await api.POST("/api/v1/integrations/coinzz/disconnect", idempotent));
console.log("disconnected", disconnected.data.status, disconnected.data.connected);
const again = await api.POST("/api/v1/integrations/coinzz/disconnect", idempotent);
console.log("again", again.data?.data.updatedAt === disconnected.data.updatedAt, again.response.headers.get("Idempotent-Replayed"));
console.log("limit", again.response.headers.get("RateLimit-Limit"));

// 10. Refresh the tokens and log out: the latest refresh token is refused afterwards.
const renewed = dataOf(await api.POST("/api/v1/auth/token/refresh", { body: { refresh: tokens.refresh } }));
const body = { refresh: renewed.data.refresh };
console.log("ended", dataOf(await api.POST("/api/v1/auth/logout", { body })).data.ended);
const afterLogout = await api.POST("/api/v1/auth/token/refresh", { body });
console.log("renewed", afterLogout.response.status, afterLogout.error?.error);
