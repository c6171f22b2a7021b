// Dates as people read them; the counterpart of dates.py. Local time is computed with as UTC.
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 86400e3;
const MONTH = (365.2425 / 12) * DAY;
const DATE_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((k) => ({ length: k * 1e3, months: 0 })),
  ...[1, 2, 5, 10, 15, 30].map((k) => ({ length: k * 60e3, months: 0 })),
  ...[1, 2, 3, 6, 12].map((k) => ({ length: k * 3600e3, months: 0 })),
  ...[1, 2, 7, 14].map((k) => ({ length: k * DAY, months: 0 })),
  ...[1, 2, 3, 6].map((k) => ({ length: k * MONTH, months: k })),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((k) => ({ length: 12 * k * MONTH, months: 12 * k })),
];
// Weeks and other steps are counted from a Monday, the first day of the year 1.
const FIRST_DAY = -719162 * DAY;

const twoDigits = (number) => String(number).padStart(2, "0");

function dayName(date, withYear) {
  const text = `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  return withYear ? `${text} ${date.getUTCFullYear()}` : text;
}

function timeName(date, withSeconds) {
  const text = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}`;
  return withSeconds ? `${text}:${twoDigits(date.getUTCSeconds())}` : text;
}

// The start of the axis and the length of a tick, in milliseconds.
function epochOf(clock) {
  return [Date.parse(`${clock.origin}Z`), clock.perTick * SECONDS[clock.unit] * 1e3];
}

// An instant: its date, or without dates the time since tick 0.
function showMoment(tick, clock) {
  if (clock.origin === null) return showTime(tick, clock);
  const [origin, tickMs] = epochOf(clock);
  const date = new Date(Math.floor((origin + tick * tickMs + 500) / 1e3) * 1e3);
  if (!(date.getUTCFullYear() <= 9999)) return showTime(tick, clock);
  const withYear = date.getUTCFullYear() !== new Date(origin).getUTCFullYear();
  return `${dayName(date, withYear)} ${timeName(date, date.getUTCSeconds() > 0)}`;
}

// Instants to label between two ticks: [tick, text] pairs, at most n or so.
function axisMarks(low, high, n, clock) {
  if (clock.origin === null) return axisTicks(low, high, n, clock);
  const [origin, tickMs] = epochOf(clock);
  return dateMarks(origin, low * tickMs, high * tickMs, n).map(([ms, text]) => [ms / tickMs, text]);
}

function dateMarks(origin, low, high, n) {
  const target = (high - low) / Math.max(n, 1);
  let at = DATE_STEPS.findIndex((step) => step.length >= target);
  if (at < 0) at = DATE_STEPS.length - 1;
  let dates = [];
  for (; at >= 0 && !dates.length; at--) dates = roundDates(DATE_STEPS[at], origin + low, origin + high);
  const step = DATE_STEPS[at + 1];
  let group = "";
  return dates.map((ms) => {
    const date = new Date(ms);
    let [own, coarser] = dateLabel(date, step);
    if (coarser !== group) {
      // The year of a day is told once.
      own += `\n${!group && step.length < DAY ? dayName(date, true) : coarser}`;
      group = coarser;
    }
    return [ms - origin, own];
  });
}

function roundDates(step, first, last) {
  const dates = [];
  if (step.months) {
    const begin = new Date(first);
    let month = 12 * begin.getUTCFullYear() + begin.getUTCMonth();
    month = Math.ceil(month / step.months) * step.months;
    for (; month < 120000; month += step.months) {
      const ms = Date.UTC(Math.floor(month / 12), month % 12, 1);
      if (ms > last) break;
      if (ms >= first) dates.push(ms);
    }
    return dates;
  }
  for (let k = Math.ceil((first - FIRST_DAY) / step.length); ; k++) {
    const ms = FIRST_DAY + k * step.length;
    if (ms > last) return dates;
    dates.push(ms);
  }
}

// The label of a mark, and what it shares with its neighbours.
function dateLabel(date, step) {
  if (step.length < DAY) return [timeName(date, step.length < 60e3), dayName(date, false)];
  if (!step.months) return [dayName(date, false), String(date.getUTCFullYear())];
  if (step.months < 12) return [MONTHS[date.getUTCMonth()], String(date.getUTCFullYear())];
  return [String(date.getUTCFullYear()), ""];
}
