// A frontend in small: typed by the API's description alone, used against a running server.
// node client.js <server> <e-mail> <password> <Coinzz API key>

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

type Sale = components["schemas"]["Sale"];

const [, , baseUrl, email, password, apiKey] = process.argv as string[];
if (!baseUrl || !email || !password || !apiKey) throw new Error("arguments missing");

const api = createClient<paths>({ baseUrl });

function given<T>(answer: { data?: T; error?: { message: string } }): T {
    if (answer.data === undefined) throw new Error(answer.error?.message ?? "no answer");
    return answer.data;
}

// 1. Without a token nothing is told, and the error has its documented form.
const refused = await api.GET("/api/v1/sales");
console.log("refused", refused.response.status, refused.error?.error);

// 2. Log in; from here on every request carries the token.
const tokens = given(await api.POST("/api/v1/auth/token", { body: { email, password } })).data;
const bearer: Middleware = {
    onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${tokens.access}`);
        return request;
    },
};
api.use(bearer);

// 3. Nothing is connected yet.
const before = await api.GET("/api/v1/integrations/coinzz/status");
console.log("status", before.response.status, before.error?.error);

// 4. A key that is too short comes back with the field's own reason.
const invalid = await api.POST("/api/v1/integrations/coinzz/connect", { body: { apiKey: "curta" } });
console.log("invalid", invalid.error?.error, invalid.error?.details?.[0]?.field);

// 5. Connect, and follow the first sync to its end.
const connected = given(await api.POST("/api/v1/integrations/coinzz/connect", { body: { apiKey } }));
console.log("connected", connected.data.status, connected.message);
let status = connected.data;
while (status.currentSync) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    status = given(await api.GET("/api/v1/integrations/coinzz/status")).data;
}
console.log("first sync", status.lastSyncStatus, status.totalSalesSynced);

// 6. Sync again: nothing is new.
const run = given(await api.POST("/api/v1/integrations/coinzz/sync", { body: { forceFullSync: true } }));
console.log("sync", run.data.success, run.data.salesCreated, run.data.salesUnchanged);

// 7. Page through all sales, by the cursor in `next`.
const sales: Sale[] = [];
let cursor: string | undefined;
do {
    const page = given(
        await api.GET("/api/v1/sales", { params: { query: cursor ? { cursor } : {} } }),
    );
    sales.push(...page.data);
    cursor = page.next ? (new URL(page.next).searchParams.get("cursor") ?? undefined) : undefined;
} while (cursor);
const prices: string[] = sales.map((sale) => sale.totalPrice);
console.log("sales", sales.length, new Set(sales.map((sale) => sale.id)).size, prices.every((price) => /^\d+\.\d\d$/.test(price)));

// 8. Preview a file: nothing is written.
const preview = given(
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

// 9. Disconnect; what was received stays. Asked again with the same key, the answer is the same.
const once = { params: { header: { "Idempotency-Key": crypto.randomUUID() } } };
const gone = given(await api.POST("/api/v1/integrations/coinzz/disconnect", once));
console.log("disconnected", gone.data.status, gone.data.connected);
const again = await api.POST("/api/v1/integrations/coinzz/disconnect", once);
console.log("again", again.data?.data.updatedAt === gone.data.updatedAt, again.response.headers.get("Idempotent-Replayed"));
console.log("left of", again.response.headers.get("RateLimit-Limit"));

// 10. Renew the tokens, and log out: the last refresh token renews nothing more.
const renewed = given(await api.POST("/api/v1/auth/token/refresh", { body: { refresh: tokens.refresh } }));
const body = { refresh: renewed.data.refresh };
console.log("ended", given(await api.POST("/api/v1/auth/logout", { body })).data.ended);
const over = await api.POST("/api/v1/auth/token/refresh", { body });
console.log("renewed", over.response.status, over.error?.error);
