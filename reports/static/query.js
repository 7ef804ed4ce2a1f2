// The filter: words that a case must match, each a field, a value, and perhaps a minus in front.
const FIELDS = {
  __proto__: null,
  status: (c) => c.status.name,
  device: (c) => c.subject.device,
  dtype: (c) => c.subject.dtype,
  mode: (c) => c.subject.mode,
  torch: (c) => c.subject.torch,
  subject: (c) => c.subject.label,
  suite: (c) => c.suite,
  area: (c) => c.entry.area,
  clause: (c) => (c.entry.kind === "clause" ? c.entry.name : ""),
  op: (c) => (c.entry.kind === "op" ? c.entry.name : ""),
  check: (c) => c.check,
  blame: (c) => c.blame,
  change: (c) => c.change,
};
const TEXTS = { __proto__: null, id: (c) => c.id, signature: (c) => c.signature || "no-message" };
const NUMBERS = { __proto__: null, over: (c) => c.over, ulps: (c) => c.ulps, ms: (c) => c.ms };
const GROUPS = {
  __proto__: null,
  unexpected: (c) => c.status.unexpected,
  executed: (c) => c.status.unexpected || c.status.name === "pass" || c.status.name === "xfail",
};
const COMPARE = {
  __proto__: null,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "=": (a, b) => a === b,
};

function glob(pattern, { whole }) {
  const body = pattern
    .toLowerCase()
    .split("*")
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  return new RegExp(whole ? `^${body}$` : body, "s");
}

function nearest(word, names) {
  const distance = (a, b) => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i += 1) {
      row = row.reduce((next, value, j) => {
        next.push(
          j === 0 ? i : Math.min(value + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)),
        );
        return next;
      }, []);
    }
    return row[b.length];
  };
  return [...names].sort((a, b) => distance(word, a) - distance(word, b))[0];
}

function termTest(field, value) {
  if (field in NUMBERS) {
    const match = /^(>=|<=|>|<|=)?(-?[\d.]+(?:e[+-]?\d+)?)$/i.exec(value);
    if (!match || Number.isNaN(Number(match[2])))
      throw new Error(`${field} wants a number, as in ${field}:>0.5`);
    const compare = COMPARE[match[1] ?? "="],
      bound = Number(match[2]);
    return (c) => NUMBERS[field](c) !== null && compare(NUMBERS[field](c), bound);
  }
  if (field in TEXTS) {
    const pattern = glob(value, { whole: field === "id" && value.includes("*") });
    return (c) => pattern.test(TEXTS[field](c).toLowerCase());
  }
  const options = value.split(",").filter(Boolean);
  if (field === "status") {
    const names = [...report.statuses.map((status) => status.name), ...Object.keys(GROUPS)];
    for (const option of options) {
      if (!option.includes("*") && !names.includes(option.toLowerCase()))
        throw new Error(`no status '${option}'; did you mean '${nearest(option, names)}'?`);
    }
  }
  const tests = options.map((option) => {
    if (field === "status" && option in GROUPS) return GROUPS[option];
    const pattern = glob(option, { whole: true });
    return (c) => pattern.test(FIELDS[field](c).toLowerCase());
  });
  return (c) => tests.some((test) => test(c));
}

function parseQuery(text) {
  const names = [...Object.keys(FIELDS), ...Object.keys(TEXTS), ...Object.keys(NUMBERS)];
  const tests = [];
  for (const [, minus, field, quoted, bare] of text.matchAll(/(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quoted ?? bare;
    let test;
    if (field === undefined) {
      const pattern = glob(value, { whole: false });
      test = (c) => pattern.test(c.id.toLowerCase()) || pattern.test(c.signature.toLowerCase());
    } else {
      const name = field.toLowerCase();
      if (!names.includes(name))
        throw new Error(`no field '${field}'; did you mean '${nearest(name, names)}'?`);
      test = termTest(name, value);
    }
    tests.push(minus ? (c) => !test(c) : test);
  }
  return (c) => tests.every((test) => test(c));
}
