// The page of one case: what came, what should have come, what the witnesses say, and how to see it again.
function differenceTable(differences) {
  return h(
    "div",
    { class: "panel scroll" },
    h(
      "table",
      {},
      h("caption", {}, "Worst elements first"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["where", "want", "got", "error", "bound", "error / bound"].map((label, i) =>
            h("th", { scope: "col", class: i > 2 ? "num" : null }, label),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        differences.map((item) =>
          h(
            "tr",
            {},
            h("td", {}, item.where ?? ""),
            h("td", { class: "mono" }, item.expected ?? ""),
            h("td", { class: "mono" }, item.actual ?? ""),
            h("td", { class: "num" }, short(item.error)),
            h("td", { class: "num" }, short(item.bound)),
            h(
              "td",
              { class: "num" },
              typeof item.error === "number" && typeof item.bound === "number" && item.bound > 0
                ? short(item.error / item.bound)
                : "",
            ),
          ),
        ),
      ),
    ),
  );
}

function witnessPanel(witness, item) {
  const value = (part) => (Array.isArray(part) ? part.map(short).join(", ") : short(part));
  const rows = [
    ["reference", witness.reference],
    ["subject", witness.subject],
    ["finite differences", witness.finite_difference],
    ["adjoint identity", witness.adjoint],
    ["Taylor slope", witness.taylor_slope],
  ];
  return h(
    "div",
    { class: "panel" },
    h("h2", {}, "Witnesses"),
    witness.says ? h("p", { class: `says${item.status.unexpected ? " bad" : ""}` }, witness.says) : null,
    h(
      "div",
      { class: "sides" },
      factRows(
        rows.map(([label, part]) => [
          label,
          part === undefined ? "" : h("span", { class: "mono" }, value(part)),
        ]),
      ),
      witness.steps ? stepCurve(witness.steps, witness.taylor_slope) : null,
    ),
  );
}

function siblings(item) {
  const same = item.entry.cases.filter(
    (other) =>
      other !== item &&
      other.sample === item.sample &&
      other.suite === item.suite &&
      other.check === item.check,
  );
  if (!same.length) return null;
  return h(
    "div",
    { class: "panel" },
    h("h2", {}, "The same case elsewhere"),
    h(
      "ul",
      { class: "inline" },
      same
        .slice(0, 40)
        .map((other) => h("li", {}, pill(other.status.name), " ", caseLink(other, other.subject.label))),
    ),
  );
}

function caseFacts(item, detail) {
  const expected = detail.expected ?? {};
  return factRows([
    ["subject", item.subject.label],
    ["suite", item.suite],
    ["check", item.check],
    [item.entry.kind, h("a", { href: `#clause?id=${encodeURIComponent(item.entry.name)}` }, item.entry.name)],
    ["time", duration(item.ms)],
    ["comparisons", detail.checks],
    ["error / bound", short(item.over)],
    ["ulps", short(item.ulps)],
    ["verdict", detail.verdict],
    ["blame", item.blame],
    ["change", item.change],
    ["reason", detail.reason],
    ["issue", detail.issue ? externalLink(detail.issue) : ""],
    ["expected failure", expected.reason],
    ["expected because", expected.issue ? externalLink(expected.issue) : ""],
    ["expected kind", expected.kind],
    ["expires", expected.expires],
    ["test", detail.lines?.test ?? item.line ?? ""],
    ["reference", detail.lines?.reference ?? item.from ?? ""],
  ]);
}

// The page holds the test of a case that passed without its parameters. Those of an operator's test end with the dtype,
// the mode and the operator's name; other tests run whole, in the column of the case.
function runAgain(item) {
  if (!item.test) return `pytest --explain '${item.id}'`;
  const { device, dtype, mode } = item.subject;
  const ofOp = item.entry.kind === "op";
  const given = [
    ["--device", device, device !== "cpu" && device !== "reference"],
    ["--dtype", dtype, !ofOp && dtype !== "default"],
    ["--mode", mode, mode !== "eager"],
  ];
  const words = given.filter(([, , needed]) => needed).map(([option, value]) => ` ${option} ${value}`);
  const one = [dtype, ...(mode === "eager" ? [] : [mode]), item.entry.name].join("-");
  return `pytest '${item.test}'${words.join("")}${ofOp ? ` -k '${one}'` : ""}`;
}

function casePage(state) {
  const item = report.byKey.get(state.params.id);
  if (!item)
    return replace(
      byId("case-body"),
      h("h1", {}, "No such case"),
      h("p", { class: "id" }, state.params.id ?? ""),
      h("p", {}, "It may have passed in a run so large that passes are counted, not listed."),
    );
  const detail = report.details[item.index] ?? {};
  const clause = report.clauses[item.entry.name];
  const missing = !report.details[item.index] && item.status.name !== "pass";
  return replace(
    byId("case-body"),
    h(
      "p",
      { class: "eyebrow" },
      h("a", { href: fragment("matrix", { open: item.entry.area }) }, item.entry.area),
      " · ",
      h("a", { href: `#clause?id=${encodeURIComponent(item.entry.name)}` }, item.entry.name),
    ),
    h("h1", { class: "caseid mono" }, item.id),
    h(
      "p",
      { class: "lead" },
      pill(item.status.name, item.status.label),
      " ",
      item.status.name === "pass" ? "" : item.signature,
    ),
    clause ? h("blockquote", { class: "promise" }, clause.statement) : null,
    missing
      ? h(
          "p",
          { class: "panel says" },
          `To keep this page small it carries the details of the first cases of each signature only; those of ${plural(report.left, "case")} are in the records alone.`,
        )
      : null,
    detail.conflict ? h("p", { class: "panel says bad" }, detail.conflict) : null,
    detail.differences ? differenceTable(detail.differences) : null,
    detail.arrays
      ? h(
          "div",
          { class: "panel" },
          h("h2", {}, "Want, got, difference"),
          h("p", { class: "sub" }, `shape (${detail.arrays.shape.join(", ")})`),
          heatMaps(detail.arrays),
        )
      : null,
    detail.witness ? witnessPanel(detail.witness, item) : null,
    detail.message
      ? h("div", { class: "panel" }, h("h2", {}, "Message"), h("pre", {}, detail.message))
      : null,
    h(
      "div",
      { class: "panel" },
      h("h2", {}, "See it again"),
      copyable(
        "run it again",
        detail.rerun ?? runAgain(item),
      ),
      detail.repro
        ? copyable(
            `the repro, which needs torch alone${detail.proven === true ? "; it failed in a fresh process" : detail.proven === false ? "; it did not fail in a fresh process" : ""}${detail.path ? ` (${detail.path})` : ""}`,
            detail.repro,
          )
        : null,
    ),
    siblings(item),
    h("div", { class: "panel" }, h("h2", {}, "Facts"), caseFacts(item, detail)),
  );
}
