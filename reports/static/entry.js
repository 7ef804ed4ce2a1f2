// The page of one clause or op: the promise, its tests, and the verdict of each column.
function factRows(facts) {
  return h(
    "table",
    { class: "facts" },
    h(
      "tbody",
      {},
      facts
        .filter(([, value]) => value !== undefined && value !== "" && value !== null && value.length !== 0)
        .map(([label, value]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, label),
            h(
              "td",
              {},
              Array.isArray(value) ? value.map((item) => h("div", { class: "mono" }, item)) : value,
            ),
          ),
        ),
    ),
  );
}

const distinct = (values) => [...new Set(values)].filter(Boolean);

function promiseFacts(clause, entry) {
  return factRows([
    ["kind", clause.kind],
    ["source", externalLink(clause.source)],
    ["since", clause.since],
    ["stability", clause.stability],
    ["devices", clause.devices],
    ["priority", clause.priority],
    ["exception", clause.exception],
    ["message", clause.message],
    ["note", clause.note],
    ["tests", distinct(entry.cases.map((item) => item.line || item.test))],
    ["reference", distinct(entry.cases.map((item) => item.from))],
  ]);
}

function columnVerdicts(entry) {
  const rows = [...bySubject(entry.cases)]
    .sort((a, b) => a[0].index - b[0].index)
    .map(([subject, cases]) => {
      const cell = tally(cases);
      const over = Math.max(...cases.map((item) => item.over ?? -1));
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, subject.label),
        h("td", {}, pill(cell.worst.name, cell.worst.label)),
        h("td", {}, inWords(cell)),
        h("td", { class: "num" }, over >= 0 ? short(over) : ""),
        h("td", {}, distinct(cases.map((item) => item.blame)).join(", ")),
      );
    });
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, "Verdict of each column"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["subject", "verdict", "cases", "worst error / bound", "blame"].map((label, i) =>
            h("th", { scope: "col", class: i === 3 ? "num" : null }, label),
          ),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

function sampleTable(entry) {
  const subjects = distinct(entry.cases.map((item) => item.subject)).sort((a, b) => a.index - b.index);
  const rows = new Map();
  for (const item of entry.cases) {
    const key = `${item.suite}/${item.check && !item.sample.startsWith(item.check) ? `${item.check} ` : ""}${item.sample || item.id}`;
    if (!rows.has(key)) rows.set(key, []);
    rows.get(key).push(item);
  }
  const shown = [...rows].sort(
    (a, b) =>
      Math.min(...a[1].map((item) => item.status.rank)) - Math.min(...b[1].map((item) => item.status.rank)) ||
      (a[0] < b[0] ? -1 : 1),
  );
  const limit = 400;
  return [
    h(
      "div",
      { class: "scroll tall" },
      h(
        "table",
        { class: "matrix" },
        h("caption", { class: "unseen" }, "Samples by subject"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "sample"),
            subjects.map((subject) => h("th", { scope: "col" }, subject.label)),
          ),
        ),
        h(
          "tbody",
          {},
          shown.slice(0, limit).map(([key, cases]) => {
            const groups = bySubject(cases);
            return h(
              "tr",
              { class: "entry" },
              h("th", { scope: "row" }, key),
              subjects.map((subject) => {
                const here = groups.get(subject);
                return cellNode(here, here ? `#case?id=${encodeURIComponent(here[0].key)}` : null);
              }),
            );
          }),
        ),
      ),
    ),
    shown.length > limit
      ? h(
          "p",
          {},
          h(
            "a",
            { href: fragment("cases", { q: `id:*/${entry.name}[*` }) },
            `and ${plural(shown.length - limit, "more sample")}`,
          ),
        )
      : null,
  ];
}

function clausePage(state) {
  const entry = report.byEntry.get(state.params.id);
  if (!entry)
    return replace(
      byId("clause-body"),
      h("h1", {}, "No such clause or op"),
      h("p", {}, state.params.id ?? ""),
    );
  const clause = report.clauses[entry.name];
  const unchecked = h("p", { class: "panel says bad" }, "No case of this run looked at this promise.");
  return replace(
    byId("clause-body"),
    h(
      "p",
      { class: "eyebrow" },
      h("a", { href: fragment("matrix", { open: entry.area }) }, entry.area),
      ` · ${entry.kind}`,
    ),
    h("h1", { class: "mono" }, entry.name),
    clause ? h("blockquote", { class: "promise" }, clause.statement) : null,
    entry.cases.length
      ? [h("h2", {}, "Verdict"), h("div", { class: "panel" }, columnVerdicts(entry))]
      : unchecked,
    h("h2", {}, clause ? "The promise" : "Where it is checked"),
    h("div", { class: "panel" }, promiseFacts(clause ?? {}, entry)),
    entry.cases.length ? [h("h2", {}, "Cases"), sampleTable(entry)] : null,
  );
}
