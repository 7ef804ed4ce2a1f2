// The matrix: areas that unfold to clauses and ops, by subject.
function cellNode(cases, link, tag = "td") {
  if (!cases || !cases.length) return h(tag, { class: "cell none" }, "–");
  const cell = tally(cases);
  const words = inWords(cell);
  const inside = [
    h("b", {}, cell.worst.letter),
    " ",
    h(
      "span",
      {},
      cell.shown === cell.total ? amount(cell.total) : `${amount(cell.shown)}/${amount(cell.total)}`,
    ),
  ];
  return h(
    tag,
    { class: `cell s-${cell.worst.name}${cell.partly ? " partly" : ""}`, title: words },
    h("a", { href: link, "aria-label": words }, inside),
  );
}

function bySubject(cases) {
  const groups = new Map();
  for (const item of cases) {
    const group = groups.get(item.subject);
    if (group) group.push(item);
    else groups.set(item.subject, [item]);
  }
  return groups;
}

function quoted(value) {
  return /[\s,"]/.test(value) ? `"${value.replaceAll('"', "*")}"` : value;
}

function matrixRows(chosen, filtered) {
  const areas = new Map();
  for (const entry of report.entries) {
    if (filtered && !entry.cases.some((item) => chosen.has(item))) continue;
    if (!areas.has(entry.area)) areas.set(entry.area, []);
    areas.get(entry.area).push(entry);
  }
  const known = (area) => (area in report.areas ? 0 : 1);
  return [...areas].sort((a, b) => known(a[0]) - known(b[0]) || (a[0] < b[0] ? -1 : 1));
}

function matrixPage(state) {
  const matching = report.cases.filter(state.test);
  const chosen = new Set(matching);
  const subjects = report.subjects.filter((subject) => matching.some((item) => item.subject === subject));
  const open = new Set((state.params.open ?? "").split(",").filter(Boolean));
  const body = [];
  for (const [area, entries] of matrixRows(chosen, Boolean(state.query))) {
    const unfolded = open.has(area) || open.has("*");
    const toggled = unfolded ? [...open].filter((name) => name !== area && name !== "*") : [...open, area];
    const cases = entries.flatMap((entry) => entry.cases).filter((item) => chosen.has(item));
    const groups = bySubject(cases);
    const bare = entries.filter((entry) => !entry.cases.length).length;
    body.push(
      h(
        "tr",
        { class: "area" },
        h(
          "th",
          { scope: "row" },
          h(
            "a",
            {
              class: "fold",
              href: fragment("matrix", { ...state.params, open: toggled.join(",") || null }),
              "aria-expanded": unfolded,
              role: "button",
              "data-area": area,
            },
            h("span", { "aria-hidden": "true" }, unfolded ? "▾ " : "▸ "),
            area,
          ),
          h(
            "span",
            { class: "sub" },
            ` ${report.areas[area] ?? ""} · ${plural(entries.length, entries[0].kind)}`,
            bare ? `, ${bare} without a case` : "",
          ),
        ),
        subjects.map((subject) =>
          cellNode(
            groups.get(subject),
            fragment("cases", {
              q: `${state.query} area:${quoted(area)} subject:${quoted(subject.label)}`.trim(),
            }),
          ),
        ),
      ),
    );
    if (unfolded) body.push(...entries.map((entry) => entryRow(entry, subjects, chosen)));
  }
  const all = open.has("*");
  replace(
    byId("matrix-body"),
    h(
      "p",
      { class: "lead" },
      plural(
        matching.reduce((sum, item) => sum + item.weight, 0),
        "case",
      ),
      " in the matrix. ",
      h(
        "a",
        { href: fragment("matrix", { ...state.params, open: all ? null : "*" }) },
        all ? "Fold all areas" : "Unfold all areas",
      ),
    ),
    h(
      "div",
      { class: "scroll tall" },
      h(
        "table",
        { class: "matrix" },
        h("caption", { class: "unseen" }, "Areas, clauses and ops by subject"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "area, clause or op"),
            subjects.map((subject) => h("th", { scope: "col" }, subject.label)),
          ),
        ),
        h("tbody", {}, body),
      ),
    ),
  );
  return matching;
}

function entryRow(entry, subjects, chosen) {
  const groups = bySubject(entry.cases.filter((item) => chosen.has(item)));
  const name = entry.name.startsWith(`${entry.area}.`) ? entry.name.slice(entry.area.length + 1) : entry.name;
  const link = `#clause?id=${encodeURIComponent(entry.name)}`;
  return h(
    "tr",
    { class: "entry" },
    h("th", { scope: "row" }, h("a", { href: link, title: report.clauses[entry.name]?.statement }, name)),
    subjects.map((subject) => {
      const cases = groups.get(subject);
      return cellNode(cases, cases?.length === 1 ? `#case?id=${encodeURIComponent(cases[0].key)}` : link);
    }),
  );
}
