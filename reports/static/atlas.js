// The accuracy atlas: error over bound of every case as a strip of dots per op and dtype, on a log axis.
const ATLAS = { width: 640, low: -6, high: 3 };
const STRIPS = 120;

function strip(cases, unit, low, high) {
  const x = (value) =>
    6 + ((Math.min(high, Math.max(low, log10(value))) - low) / (high - low)) * (ATLAS.width - 12);
  const paths = new Map();
  for (const item of cases) {
    const status = item.status.unexpected ? "bad" : "good";
    const at = x(Math.max(item[unit], 10 ** low)).toFixed(1);
    if (!paths.has(status)) paths.set(status, new Set());
    paths.get(status).add(at);
  }
  const grid = decades(low, high, 20).map((tick) =>
    s("line", { class: tick === 0 ? "bound" : "grid", x1: x(10 ** tick), x2: x(10 ** tick), y1: 0, y2: 18 }),
  );
  const dots = [...paths].map(([status, places]) =>
    s("path", { class: `dots ${status}`, d: [...places].map((at) => `M${at} 9h0`).join("") }),
  );
  return s(
    "svg",
    { class: "strip", viewBox: `0 0 ${ATLAS.width} 18`, preserveAspectRatio: "none", "aria-hidden": "true" },
    grid,
    dots,
  );
}

function atlasAxis(low, high) {
  const x = (tick) => 6 + ((tick - low) / (high - low)) * (ATLAS.width - 12);
  return s(
    "svg",
    { class: "strip axis", viewBox: `0 0 ${ATLAS.width} 18`, "aria-hidden": "true" },
    decades(low, high, 9)
      .filter((tick) => tick <= high)
      .map((tick) =>
        power(tick, {
          class: "tick",
          x: x(tick),
          y: 14,
          "text-anchor": tick === low ? "start" : tick === high ? "end" : "middle",
        }),
      ),
  );
}

function atlasPage(state) {
  const unit = state.params.unit === "ulps" ? "ulps" : "over";
  const matching = report.cases.filter(
    (item) => item[unit] !== null && item[unit] !== undefined && state.test(item),
  );
  const groups = new Map();
  for (const item of matching) {
    const key = `${item.entry.name}\n${item.subject.label}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  const worst = (cases) => cases.reduce((a, b) => (b[unit] > a[unit] ? b : a));
  const strips = [...groups.values()]
    .map((cases) => ({ cases, worst: worst(cases) }))
    .sort((a, b) => b.worst[unit] - a.worst[unit]);
  const limit = state.params.all ? strips.length : STRIPS;
  const [low, high] = unit === "ulps" ? [-3, 6] : [ATLAS.low, ATLAS.high];
  const choice = (name, label) =>
    h(
      "a",
      {
        href: fragment("accuracy", { ...state.params, unit: name === "over" ? null : name }),
        "aria-current": unit === name ? "true" : null,
      },
      label,
    );
  const rows = strips
    .slice(0, limit)
    .map(({ cases, worst: top }) =>
      h(
        "tr",
        {},
        h(
          "th",
          { scope: "row" },
          h("a", { href: `#clause?id=${encodeURIComponent(top.entry.name)}` }, top.entry.name),
        ),
        h("td", {}, top.subject.label),
        h("td", { class: "num" }, amount(cases.length)),
        h(
          "td",
          { class: "num" },
          h("a", { href: `#case?id=${encodeURIComponent(top.key)}` }, short(top[unit])),
        ),
        h("td", { class: "chart" }, strip(cases, unit, low, high)),
      ),
    );
  replace(
    byId("accuracy-body"),
    h(
      "p",
      { class: "lead" },
      unit === "over"
        ? "How much of its bound each error uses: right of the line at 1 a case fails. "
        : "The worst error of each case in units in the last place. ",
      h("span", { class: "choices" }, choice("over", "error over bound"), choice("ulps", "ulps")),
    ),
    rows.length
      ? h(
          "div",
          { class: "scroll tall" },
          h(
            "table",
            { class: "atlas" },
            h("caption", { class: "unseen" }, "Errors per op and dtype, the worst first"),
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["clause or op", "subject", "cases", "worst"].map((label, i) =>
                  h("th", { scope: "col", class: i > 1 ? "num" : null }, label),
                ),
                h(
                  "th",
                  { scope: "col", class: "chart" },
                  atlasAxis(low, high),
                  h("span", { class: "unseen" }, "errors"),
                ),
              ),
            ),
            h("tbody", {}, rows),
          ),
        )
      : h("p", { class: "panel quiet" }, "No case that matches has a measured error."),
    strips.length > limit
      ? h(
          "p",
          {},
          h(
            "a",
            { href: fragment("accuracy", { ...state.params, all: 1 }) },
            `Show all ${amount(strips.length)} strips`,
          ),
        )
      : null,
  );
  return matching;
}
