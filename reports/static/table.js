// The list of cases: sorted, in pages.
const PAGE_ROWS = 100;
const SORTS = {
  __proto__: null,
  status: (c) => c.status.rank,
  case: (c) => c.id,
  subject: (c) => c.subject.label,
  over: (c) => -(c.over ?? -1),
  ms: (c) => -c.ms,
};

const caseLink = (item, text) =>
  h("a", { class: "id", href: `#case?id=${encodeURIComponent(item.key)}` }, text ?? item.id);

function casesPage(state) {
  const key = state.params.sort in SORTS ? state.params.sort : "status";
  const chosen = report.cases.filter(state.test);
  const value = SORTS[key];
  chosen.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a.index - b.index));
  const pages = Math.max(1, Math.ceil(chosen.length / PAGE_ROWS));
  const page = Math.min(pages, Math.max(1, Number(state.params.at) || 1));
  const head = [
    ["status", "status"],
    ["case", "case"],
    ["subject", "subject"],
    ["over", "error / bound"],
    ["ms", "time"],
  ].map(([name, label]) =>
    h(
      "th",
      {
        scope: "col",
        class: name === "over" || name === "ms" ? "num" : null,
        "aria-sort": name === key ? "ascending" : null,
      },
      h(
        "a",
        { href: fragment("cases", { ...state.params, sort: name, at: null }) },
        label,
        name === key ? " ↓" : "",
      ),
    ),
  );
  const rows = chosen
    .slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS)
    .map((item) =>
      h(
        "tr",
        {},
        h("td", {}, pill(item.status.name)),
        h(
          "td",
          {},
          caseLink(item),
          item.weight > 1 ? ` ×${amount(item.weight)}` : "",
          item.status.name !== "pass" && item.signature
            ? h("div", { class: "sub mono" }, item.signature)
            : null,
        ),
        h("td", {}, item.subject.label),
        h("td", { class: "num" }, short(item.over)),
        h("td", { class: "num" }, duration(item.ms)),
      ),
    );
  const step = (to, label) =>
    h(
      "a",
      {
        class: "step",
        href: to >= 1 && to <= pages ? fragment("cases", { ...state.params, at: to }) : null,
        "aria-disabled": to >= 1 && to <= pages ? null : "true",
      },
      label,
    );
  replace(
    byId("cases-body"),
    h(
      "p",
      { class: "lead" },
      plural(
        chosen.reduce((sum, item) => sum + item.weight, 0),
        "case",
      ),
      pages > 1 ? `, page ${page} of ${pages}` : "",
      ".",
    ),
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        { class: "list" },
        h("caption", { class: "unseen" }, "Cases that match the filter"),
        h("thead", {}, h("tr", {}, head)),
        h("tbody", {}, rows),
      ),
    ),
    pages > 1
      ? h(
          "nav",
          { class: "steps", "aria-label": "Pages of cases" },
          step(page - 1, "← previous"),
          step(page + 1, "next →"),
        )
      : null,
  );
  return chosen;
}
