/* Keyboard shortcuts, tooltips and accessibility of the back-office; pages work without them. */
"use strict";

/* `/` opens the search, as Ctrl+K does by django-unfold's own shortcut, in fields, too. On a list,
   django-unfold's shortcut focuses the list's search field. */
document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
    const isCommand = event.key === "k" && (event.ctrlKey || event.metaKey);
    const opensHere = isSlash ? !isTyping && !document.querySelector("#searchbar") : isCommand && isTyping;
    const field = document.querySelector("#search-input-command");
    if (!opensHere || !field) return;
    event.preventDefault();
    window.dispatchEvent(new Event("opencommand"));
    // At once: django-unfold focuses the field 20 ms later, and the first letters would be lost.
    field.closest("[x-data]").style.display = "";
    field.focus();
});

/* Enter without a chosen result opens the page of all results; django-unfold has no such page. */
document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || field.id !== "search-input-command" || !field.value.trim()) return;
    if (document.querySelector("#command-results-list .active a")) return;
    event.preventDefault();
    event.stopPropagation();
    const form = document.querySelector(".bo-search");
    window.location = `${form.action}?q=${encodeURIComponent(field.value)}`;
}, true);

/* <button data-copy-text="…">: copies the text. */
document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-text]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copyText);
    button.classList.add("bo-copied");
    setTimeout(() => button.classList.remove("bo-copied"), 2000);
});

/* <button data-copy="#id">: copies that element's text. */
document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(textOf(source));
    confirmCopy(button);
});

/* <button data-download="#id" data-name="file.txt">: saves that element's text as a file. */
document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-download]");
    if (!button) return;
    const text = new Blob([`${textOf(document.querySelector(button.dataset.download))}\n`], { type: "text/plain" });
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(text), download: button.dataset.name });
    link.click();
    URL.revokeObjectURL(link.href);
});

function textOf(source) {
    return source.value ?? source.textContent.split("\n").map((line) => line.trim()).filter(Boolean).join("\n");
}

function confirmCopy(button) {
    const label = button.textContent;
    button.textContent = "Copiado";
    setTimeout(() => { button.textContent = label; }, 2000);
}

/* A button that copies the page's address, with its filters. */
document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-link]");
    if (!button) return;
    await navigator.clipboard.writeText(location.href);
    confirmCopy(button);
});

/* A row of a list opens its page, as the link in it does. */
document.addEventListener("click", (event) => {
    const row = event.target.closest("#result_list tbody tr");
    if (!row || event.target.closest("a, button, input, label, select, summary, [role=button], .action-checkbox")) return;
    if (getSelection().toString()) return;
    const link = row.querySelector("th a[href], td a[href]");
    if (link) open(link.href, event.ctrlKey || event.metaKey ? "_blank" : "_self");
});

/* Filters without a value stay out of the address, and new filters start at the first page. */
document.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (target.id !== "filter-form") return;
    if (submitter?.name === "format") {
        event.preventDefault();
        exportChosen(new FormData(target), submitter.value);
        return;
    }
    target.querySelectorAll("[name]").forEach((field) => {
        field.disabled ||= field.value === "" || (field.type === "hidden" && field.name === "p");
    });
});

/* Exports what is chosen in the drawer, by the form above the list. */
function exportChosen(filters, format) {
    const chosen = new URLSearchParams([...filters].filter(([, value]) => value !== ""));
    const form = document.querySelector("#export-list");
    const button = form.querySelector(`[value=${format}]`);
    button.formAction = `${form.action.split("?")[0]}?${chosen}`;
    form.requestSubmit(button);
    button.removeAttribute("formaction");
}

/* A form is sent once: a second click would act twice. Whoever comes back to the page can send it
   again, and so can who stays on it, as after a download. */
const SENT_MS = 5000;
document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, SENT_MS);
});

/* Tooltips: the values of a chart's column, on hover and on keyboard focus. */
const tooltip = Object.assign(document.createElement("div"), { className: "bo-tooltip", hidden: true });

function showTooltip(event) {
    const target = event.target.closest("[data-tooltip]");
    if (!target) { tooltip.hidden = true; return; }
    const box = target.getBoundingClientRect();
    if (!tooltip.isConnected) { tooltip.ariaHidden = "true"; document.body.append(tooltip); }
    const [title, ...values] = target.dataset.tooltip.split("\n");
    tooltip.replaceChildren(Object.assign(document.createElement("strong"), { textContent: title }));
    values.map((line) => line.split("\t")).forEach(([tone, name, value]) => {
        const row = tooltip.appendChild(document.createElement("div"));
        const dot = Object.assign(document.createElement("span"), { className: tone ? `bo-dot bo-${tone}` : "bo-dot bo-no-dot" });
        const amount = Object.assign(document.createElement("span"), { className: "bo-align-end", textContent: value });
        row.append(dot, name, amount);
    });
    if (!values.length) tooltip.append(" nada");
    tooltip.hidden = false;
    const half = tooltip.offsetWidth / 2 + 8;
    const middle = Math.min(Math.max(box.left + box.width / 2, half), document.documentElement.clientWidth - half);
    tooltip.style.left = `${middle + scrollX}px`;
    tooltip.style.top = `${Math.max(box.top, tooltip.offsetHeight + 8) + scrollY}px`;
}
document.addEventListener("mouseover", showTooltip);
document.addEventListener("focusin", showTooltip);
document.addEventListener("focusout", () => { tooltip.hidden = true; });

document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const column = event.target.closest(".bo-plot a");
    if (!step || !column) return;
    const columns = [...column.closest("svg").querySelectorAll("a")];
    const next = columns[columns.indexOf(column) + step];
    if (!next) return;
    event.preventDefault();
    column.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
});

/* Accessibility of django-unfold: its controls that are neither links nor buttons become focusable
   and get a role and a name; each of its scrolling areas gets a name of its own. */
const NAMES = {
    close: "Fechar",
    dark_mode: "Tema escuro ou claro",
    dock_to_right: "Mostrar ou esconder o menu",
    light_mode: "Tema escuro ou claro",
    more_horiz: "Mais ações",
    more_vert: "Mais ações",
    search: "Buscar",
};
const ICON = ".material-symbols-outlined";
const CONTROLS = ["a:not([href])", "span", "div"].map((tag) => `${tag}[x-on\\:click]`).join() + ",[data-opener]";
const OPENING_HEADING = "h2[x-on\\:click]";

function nameByIcon(control) {
    const icon = control.matches(ICON) ? control : control.querySelector(ICON);
    const words = control.textContent.replace(icon?.textContent ?? "", "").trim();
    if (!icon || words || control.title || control.ariaLabel) return;
    control.ariaLabel = NAMES[icon.textContent.trim()] ?? "Mostrar mais";
}

document.addEventListener("DOMContentLoaded", () => {
    // A heading is no button: what it contains becomes one, and its click reaches the heading.
    document.querySelectorAll(OPENING_HEADING).forEach((heading) => {
        const opener = Object.assign(document.createElement("span"), { className: "flex grow items-center" });
        opener.dataset.opener = "";
        opener.setAttribute("x-bind:aria-expanded", "navigationOpen");
        opener.append(...heading.childNodes);
        heading.append(opener);
    });
    document.querySelectorAll(CONTROLS).forEach((control) => {
        if (control.querySelector("a[href], button, input, select")) return;
        control.setAttribute("role", "button");
        control.tabIndex = 0;
    });
    document.querySelectorAll("a, button, [role=button]").forEach(nameByIcon);
    document.querySelectorAll(ICON).forEach((icon) => {
        if (!icon.matches("[role=button]")) icon.ariaHidden = "true";
    });
    document.querySelectorAll("[data-simplebar]").forEach((area, at) => {
        area.setAttribute("data-simplebar-aria-label", `Área com rolagem ${at + 1}`);
    });
    // On a phone the cells of a table show their column's name: capitalise only its first letter.
    // django-unfold calls the first cell a choice, where it is no link.
    document.querySelectorAll("#result_list td:first-child").forEach((cell) => {
        const [heading] = cell.closest("table").tHead.rows[0].cells;
        if (!cell.querySelector("input")) cell.dataset.label = heading.textContent.trim();
    });
    document.querySelectorAll("[data-label]").forEach(({ dataset }) => {
        dataset.label = dataset.label.charAt(0).toUpperCase() + dataset.label.slice(1);
    });
    document.querySelector("#nav-sidebar-inner")?.setAttribute("aria-label", "Menu");
    document.querySelector("#main, .login #page")?.setAttribute("role", "main");
});

document.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key) || !event.target.matches(CONTROLS)) return;
    event.preventDefault();
    event.target.click();
});

/* A part of the page that could not be loaded says so; htmx would leave the page as it was. */
const REFUSALS = {
    403: "Sem permissão para ver uma parte desta página.",
    404: "Uma parte desta página não existe mais. Recarregue a página.",
};

function showNote(text) {
    const note = document.querySelector("#page-note");
    if (!note || note.querySelector("#session-expired")) return;
    note.replaceChildren(...(text ? [Object.assign(document.createElement("p"), { className: "bo-card", textContent: text })] : []));
}
document.addEventListener("htmx:responseError", ({ detail }) => {
    showNote(REFUSALS[detail.xhr.status] ?? "O servidor não conseguiu atualizar esta página. Ela tenta de novo; se continuar, avise a equipe técnica com o horário.");
});
document.addEventListener("htmx:sendError", () => showNote("Sem conexão com o servidor. A página volta a se atualizar quando a conexão voltar."));
document.addEventListener("htmx:afterOnLoad", ({ detail }) => { if (detail.xhr.status < 286) showNote(""); });

/* On a phone the action that was used last comes first; the others are in a menu. */
const ID = /[0-9a-f-]{36}|\d+/g;
const nameOf = (action) => new URL(action.action || action.href).pathname.replace(ID, "*");
const lastAction = () => `bo-action:${location.pathname.replace(ID, "*")}`;

document.addEventListener("DOMContentLoaded", () => {
    const row = document.querySelector("[data-actions]");
    const header = document.querySelector('[x-data*="showActions"]');  // of django-unfold
    const found = row ? row.querySelectorAll(":scope > :is(form, a)") : header?.querySelectorAll("ul a[href]");
    const menus = row ? [] : [...(header?.querySelectorAll("template") ?? [])];
    const actions = [...(found ?? []), ...menus.flatMap(({ content }) => [...document.importNode(content, true).querySelectorAll("a[href]")])];
    actions.forEach((action) => action.addEventListener(action.action ? "submit" : "click", () => {
        localStorage.setItem(lastAction(), nameOf(action));
    }));
    if (actions.length < 2 || !matchMedia("(max-width: 767px)").matches) return;
    const used = actions.find((action) => nameOf(action) === localStorage.getItem(lastAction()));
    const first = [used ?? (row && actions[0])].filter(Boolean);  // in a header the first one may be rare
    const menu = Object.assign(document.createElement("details"), { className: "bo-more" });
    const label = first.length ? "Mais ações" : "Ações";
    menu.append(Object.assign(document.createElement("summary"), { className: "bo-link", textContent: label }));
    menu.append(...actions.filter((action) => !first.includes(action)));
    if (row) return row.prepend(...first, menu);
    const moved = Object.assign(document.createElement("div"), { className: "bo-row bo-moved-actions" });
    moved.append(...first, menu);
    document.querySelector("#content").prepend(moved);
    header.remove();
});

/* Until Alpine has started, the page is hidden and takes no focus. */
document.addEventListener("alpine:initialized", () => {
    setTimeout(() => document.querySelector("#login-form [autofocus]")?.focus());
});
