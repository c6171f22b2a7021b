// Ticks as people read them; the counterpart of clock.py.
const SECONDS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400 };
const STEPS = {
  min: [0.25, 0.5, 1, 2, 5, 10, 15, 30],
  h: [0.25, 0.5, 1, 2, 3, 6, 12, 24],
  d: [0.25, 0.5, 1, 2, 7, 14, 28],
};

function grouped(text) {
  const [whole, rest] = text.split(".");
  if (whole.replace("-", "").length < 5) return text;
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, "\u2009");
  return rest === undefined ? spaced : `${spaced}.${rest}`;
}

function showTime(ticks, clock) {
  if (clock.unit === "ticks") return grouped(String(ticks));
  if (SECONDS[clock.unit] < 60) return `${+(ticks * clock.perTick).toPrecision(6)} ${clock.unit}`;
  let rest = Math.round(Math.abs(ticks) * clock.perTick * SECONDS[clock.unit]);
  const parts = [];
  for (const unit of ["d", "h", "min", "s"]) {
    const count = Math.floor(rest / SECONDS[unit]);
    rest -= count * SECONDS[unit];
    if (count) parts.push(`${count} ${unit}`);
  }
  return (ticks < 0 ? "−" : "") + (parts.join(" ") || "0 s");
}

// Instants to label between two ticks: [tick, text] pairs, at most n or so.
function axisTicks(low, high, n, clock) {
  const target = (Math.max(high - low, 1e-12) * clock.perTick) / Math.max(n, 1);
  const steps = STEPS[clock.unit] || [];
  let size;
  if (steps.length && steps[0] / 2 <= target && target <= steps[steps.length - 1]) {
    size = steps.find((step) => step >= target);
  } else {
    const power = 10 ** Math.floor(Math.log10(target));
    size = [1, 2, 5, 10].map((k) => k * power).find((step) => step >= target * (1 - 1e-9));
    if (clock.unit === "ticks") size = Math.max(1, size);
  }
  let digits = 0;
  while (digits < 15 && Math.abs(size * 10 ** digits - Math.round(size * 10 ** digits)) > 1e-6) digits++;
  const step = size / clock.perTick;
  const marks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    marks.push([k * step, grouped((k * size).toFixed(digits))]);
  }
  return marks;
}

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}
