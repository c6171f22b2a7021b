// Numbers and series, without the page: tested on their own.

const known = (value) => typeof value === "number" && Number.isFinite(value);

/** A number with three digits that count, and k or M; "–" if it is not known. */
function short(value) {
  if (!known(value)) return "–";
  const size = Math.abs(value);
  for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= 0.9995 * unit) return `${digits(value / unit)}${name}`;
  }
  return digits(value);
}

function digits(value) {
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)));
}

/** Seconds as people say them. */
function seconds(value) {
  if (!known(value)) return "–";
  if (value < 0.9995) return `${digits(1000 * value)} ms`;
  if (value < 120) return `${digits(value)} s`;
  return value < 7200 ? `${digits(value / 60)} min` : `${digits(value / 3600)} h`;
}

const percent = (value) => (known(value) ? `${digits(100 * value)}%` : "–");

/** The smallest of 1, 2, 5 times a power of ten that is not below a value. */
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5, 10]) {
    if (step * power >= value * (1 - 1e-9)) return step * power;
  }
  return 10 * power;
}

/** Where the marks of an axis from 0 to a ceiling stand. */
function marks(top) {
  const lead = Math.round(top / 10 ** Math.floor(Math.log10(top)));
  const parts = lead === 5 ? 5 : 4;
  return Array.from({ length: parts + 1 }, (_, number) => (top * number) / parts);
}

/** The span to draw: as long as asked for, but not much longer than what is known. */
function stretch(asked, known) {
  return [60, 120, 300, 600, 900, 1800].find((span) => span >= Math.min(known, asked)) ?? asked;
}

/** A time of day, in digits of one width. */
const clock = (at) => new Date(1000 * at).toLocaleTimeString("en-GB");

/** Puts new points behind those known, and forgets what is older than a span. */
class Track {
  constructor(span) {
    this.span = span;
    this.clear();
  }

  clear() {
    this.count = 0;
    this.t = [];
    this.all = {};
    this.engines = {};
  }

  add(told) {
    if (told.count < this.count) this.clear();
    this.count = told.count;
    const had = this.t.length;
    this.t.push(...told.t);
    join(this.all, told.all, had);
    for (const [name, columns] of Object.entries(told.engines)) {
      this.engines[name] = join(this.engines[name] ?? {}, columns, had);
    }
    for (const name of Object.keys(this.engines)) {
      if (!(name in told.engines)) delete this.engines[name];
    }
    this.forget();
  }

  forget() {
    const last = this.t[this.t.length - 1];
    let old = 0;
    while (old < this.t.length && this.t[old] < last - this.span) old += 1;
    if (!old) return;
    this.t.splice(0, old);
    for (const columns of [this.all, ...Object.values(this.engines)]) {
      for (const column of Object.values(columns)) column.splice(0, old);
    }
  }

  /** The latest value of a column, null if there is none. */
  last(column, engine) {
    const columns = engine === undefined ? this.all : this.engines[engine];
    const values = columns?.[column] ?? [];
    return values.length ? values[values.length - 1] : null;
  }
}

function join(columns, more, had) {
  for (const [key, values] of Object.entries(more)) {
    columns[key] ??= Array(had).fill(null);
    columns[key].push(...values);
  }
  return columns;
}

/** The largest known value of some columns. */
function largest(columns) {
  let most = 0;
  for (const values of columns) {
    for (const value of values) if (known(value) && value > most) most = value;
  }
  return most;
}

/** The place in sorted times that is nearest to one. */
function nearest(times, at) {
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at) low = middle;
    else high = middle;
  }
  return at - times[low] <= times[high] - at ? low : high;
}

/** Where an engine stands; one that a scaler has off, starts or stops is not broken. */
function standing(engine, scaling) {
  const at = scaling?.engines?.[engine.name];
  return ["down", "absent"].includes(engine.state) && at && at !== "on" ? at : engine.state;
}

/** Kinds of which there are more or fewer engines than wanted, in words. */
function wanted(scaling) {
  return Object.entries(scaling?.kinds ?? {})
    .filter(([, one]) => one.ready !== one.desired)
    .map(([kind, one]) => `${kind}: ${one.ready} ready, ${one.desired} wanted`)
    .join("; ");
}

/** How the gateway is doing, and that in words. */
function verdict(state) {
  const engines = state.engines
    .map((one) => ({ state: standing(one, state.scaling) }))
    .filter((one) => one.state !== "off");
  const count = (which) => engines.filter((one) => which.includes(one.state)).length;
  const serving = count(["serving"]);
  const broken = count(["down", "failing"]);
  if (state.accounts && !state.accounts.healthy) return ["bad", "usage cannot be written"];
  if (!serving) return ["bad", "no engine takes requests"];
  if (broken) return ["warn", `${broken} of ${engines.length} engines broken`];
  if (serving < engines.length) return ["warn", `${serving} of ${engines.length} engines serve`];
  return ["good", engines.length > 1 ? `all ${engines.length} engines serve` : "the engine serves"];
}

/** Whether a tenant was refused within the last minute. */
const throttled = (one) => one.refused_s !== null && one.refused_s < 60;

/** A colour for the n-th of several lines, apart in hue and alike in weight. */
const hue = (number) => (215 + number * 137.508) % 360;
