// Small charts as SVG: a log-log curve, heat maps, strips of dots.
const log10 = (value) => Math.log10(value);

function decades(from, to, most = 8) {
  const first = Math.floor(from),
    last = Math.ceil(to);
  const step = Math.max(1, Math.ceil((last - first) / most));
  const ticks = [];
  for (let power = first; power <= last; power += step) ticks.push(power);
  return ticks;
}

function power(exponent, attributes) {
  return s("text", attributes, "10", s("tspan", { dy: "-4", "font-size": "8" }, exponent));
}

// Error against step size: the curve of a Taylor remainder or of finite differences.
function stepCurve(steps, slope) {
  const points = steps
    .filter(([step, error]) => step > 0 && error > 0)
    .map(([step, error]) => [log10(step), log10(error)])
    .sort((a, b) => a[0] - b[0]);
  if (points.length < 2) return null;
  const width = 460,
    height = 260,
    left = 52,
    right = 12,
    top = 12,
    bottom = 36;
  const xs = points.map((p) => p[0]),
    ys = points.map((p) => p[1]);
  const [x0, x1, y0, y1] = [
    Math.floor(Math.min(...xs)),
    Math.ceil(Math.max(...xs) + 1e-9),
    Math.floor(Math.min(...ys)),
    Math.ceil(Math.max(...ys) + 1e-9),
  ];
  const x = (value) => left + ((value - x0) / (x1 - x0 || 1)) * (width - left - right);
  const y = (value) => height - bottom - ((value - y0) / (y1 - y0 || 1)) * (height - top - bottom);
  const lines = [];
  for (const tick of decades(x0, x1))
    if (tick <= x1)
      lines.push(
        s("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: height - bottom }),
        power(tick, { class: "tick", x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }),
      );
  for (const tick of decades(y0, y1, 6))
    if (tick <= y1)
      lines.push(
        s("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
        power(tick, { class: "tick", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }),
      );
  const end = points.at(-1);
  for (const wanted of [1, 2]) {
    const start = Math.max(x0, end[0] - (end[1] - y0) / wanted);
    lines.push(
      s("line", {
        class: "guide",
        x1: x(end[0]),
        y1: y(end[1]),
        x2: x(start),
        y2: y(end[1] - wanted * (end[0] - start)),
      }),
      s(
        "text",
        { class: "tick", x: x(start) + 4, y: y(end[1] - wanted * (end[0] - start)) - 4 },
        `slope ${wanted}`,
      ),
    );
  }
  const told = typeof slope === "number" ? `, measured slope ${short(slope)}` : "";
  return h(
    "figure",
    {},
    s(
      "svg",
      {
        class: "plot",
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "aria-label": `Error against step size${told}`,
      },
      lines,
      s("polyline", {
        class: "curve",
        points: points.map((p) => `${x(p[0]).toFixed(1)},${y(p[1]).toFixed(1)}`).join(" "),
      }),
      points.map((p) => s("circle", { class: "dot", cx: x(p[0]), cy: y(p[1]), r: 3 })),
      s("text", { class: "tick", x: width - right, y: height - 4, "text-anchor": "end" }, "step size"),
    ),
    h(
      "figcaption",
      {},
      `Error against step size${told}. A right derivative leaves a remainder of slope 2, a wrong one of slope 1.`,
    ),
  );
}

function asComplex(value) {
  if (typeof value === "number") return [value, 0];
  const match = /^\(?([+-]?[\d.]+(?:e[+-]?\d+)?)?(?:([+-]?[\d.]+(?:e[+-]?\d+)?)j)?\)?$/i.exec(
    String(value ?? "").replace(/\s/g, ""),
  );
  return match && match[0] ? [Number(match[1] ?? 0), Number(match[2] ?? 0)] : [NaN, NaN];
}

const sizeOf = (value) => Math.hypot(...asComplex(value));
const signed = (value) => (typeof value === "number" ? value : sizeOf(value));

function shade(value, most, kind) {
  if (!Number.isFinite(value)) return "heat-none";
  const level = most > 0 ? Math.min(5, Math.ceil((Math.abs(value) / most) * 5)) : 0;
  if (kind === "difference") return `heat-d${level}`;
  return value < 0 ? `heat-n${level}` : `heat-p${level}`;
}

function heatMap(title, values, columns, kind) {
  const numbers = values.map(signed);
  const most = Math.max(0, ...numbers.filter(Number.isFinite).map(Math.abs));
  const rows = [];
  for (let start = 0; start < values.length; start += columns) {
    rows.push(
      h(
        "tr",
        {},
        values
          .slice(start, start + columns)
          .map((value, i) =>
            h("td", { class: shade(numbers[start + i], most, kind), title: String(value) }, short(value)),
          ),
      ),
    );
  }
  return h("div", { class: "heat" }, h("table", {}, h("caption", {}, title), h("tbody", {}, rows)));
}

function heatMaps({ shape, got, want }) {
  const columns = Math.max(1, Math.min(shape.at(-1) || got.length, 16));
  const parts = [heatMap("want", want, columns, "value"), heatMap("got", got, columns, "value")];
  if (got.length === want.length) {
    const differences = got.map((value, i) => {
      const [a, b] = [asComplex(value), asComplex(want[i])];
      return value === want[i] ? 0 : Math.hypot(a[0] - b[0], a[1] - b[1]);
    });
    parts.push(heatMap("difference", differences, columns, "difference"));
  }
  return h("div", { class: "heats scroll" }, parts);
}
