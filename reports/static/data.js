// The cases: unpacked from the block of data, one object each.
let report = null;

async function unpack() {
  const text = atob(byId("data").textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

// Names come from records: one that every object has must not be found where it is not.
const bare = (object) => Object.assign(Object.create(null), object);

function build(data) {
  const statuses = new Map(
    data.statuses.map(([letter, name, label, unexpected], rank) => [
      letter,
      { letter, name, label, unexpected, rank },
    ]),
  );
  const subjects = data.subjects.map(([device, dtype, mode, torch, label], index) => ({
    device,
    dtype,
    mode,
    torch,
    label,
    index,
  }));
  const entries = data.entries.map(([name, area, kind], index) => ({ name, area, kind, index, cases: [] }));
  const column = data.cases;
  const cases = [];
  for (let i = 0; i < data.letters.length; i += 1) {
    const subject = subjects[column.subject[i]],
      entry = entries[column.entry[i]],
      suite = data.suites[column.suite[i]];
    const item = {
      index: i,
      subject,
      entry,
      suite,
      sample: column.sample[i] ?? "",
      status: statuses.get(data.letters[i]),
      check: data.checks[column.check[i]],
      signature: data.signatures[column.sign[i]],
      blame: data.blames[column.blame[i]],
      test: data.tests[column.test[i]],
      line: data.places[column.line[i]],
      from: data.places[column.from[i]],
      ms: column.ms[i] ?? 0,
      over: column.over[i],
      ulps: column.ulps[i],
      weight: data.weights[i] ?? 1,
      change: data.changes[i] ?? "",
    };
    item.id =
      data.ids[i] ??
      `${suite}/${entry.name}[${item.sample}]::${subject.device}::${subject.dtype}::${subject.mode}`;
    item.key = subject.torch && !(i in data.ids) ? `${item.id}::torch-${subject.torch}` : item.id;
    entry.cases.push(item);
    cases.push(item);
  }
  return {
    cases,
    entries,
    subjects,
    statuses: [...statuses.values()],
    clauses: bare(data.clauses),
    areas: bare(data.areas),
    details: data.details,
    left: data.left,
    byKey: new Map(cases.map((item) => [item.key, item])),
    byEntry: new Map(entries.map((entry) => [entry.name, entry])),
  };
}

// What a cell stands for: its cases by status, worst first.
function tally(cases) {
  const counts = new Map();
  let total = 0;
  for (const item of cases) {
    counts.set(item.status, (counts.get(item.status) ?? 0) + item.weight);
    total += item.weight;
  }
  const ordered = [...counts].sort((a, b) => a[0].rank - b[0].rank);
  return {
    total,
    ordered,
    worst: ordered[0]?.[0],
    shown: ordered[0]?.[1],
    partly: ordered[0]?.[0].name === "pass" && ordered.length > 1,
  };
}

const inWords = (cell) =>
  cell.ordered.map(([status, number]) => `${amount(number)} ${status.label}`).join(", ");
