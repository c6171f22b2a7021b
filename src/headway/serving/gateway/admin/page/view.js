// What is shown of a state.

function showState(state, track, act) {
  const [level, words] = verdict(state);
  $("pulse").className = level;
  $("pulse").lastChild.textContent = words;
  $("fleet").textContent = state.fleet || "Headway";
  document.title = `${level === "good" ? "" : "⚠ "}${state.fleet || "Headway"} – Headway`;
  fill($("policy"), [state.policies, state.policy], () =>
    state.policies.map((name) =>
      make("option", { value: name, selected: name === state.policy }, name),
    ),
  );
  $("reload").hidden = !state.accounts;
  showTiles(state, track);
  showEngines(
    state.engines.map((one) => ({ ...one, state: standing(one, state.scaling) })), track, act);
  $("scaling").textContent = wanted(state.scaling);
  showTenants(state);
  showNotes(state.notes);
}

function showTiles(state, track) {
  const now = (column) => track.last(column);
  const errors = now("errors_per_s");
  const refused = now("refused_per_s");
  const tiles = [
    ["Requests/s", short(now("requests_per_s")), ""],
    ["Tokens/s", short(now("output_tokens_per_s")), ""],
    ["TTFT p50", seconds(now("ttft_p50")), ""],
    ["TTFT p99", seconds(now("ttft_p99")), ""],
    ["TPOT p50", seconds(now("tpot_p50")), ""],
    ["In flight", short(now("in_flight")), ""],
    ["Queue", short(state.queue.waiting), state.queue.waiting ? "warn" : ""],
    ["Hit rate", percent(now("hit_rate")), ""],
    ["Failed tries/s", short(errors), errors > 0 ? "bad" : ""],
    ["Refused/s", short(refused), refused > 0 ? "warn" : ""],
  ];
  fill($("tiles"), tiles, () =>
    tiles.map(([name, value, level]) =>
      make("div", { class: `tile ${level}` }, make("b", {}, value), make("span", {}, name)),
    ),
  );
}

function showEngines(engines, track, act) {
  const body = $("engines").tBodies[0];
  const rows = engines.map((one) => ({
    ...one,
    counts: one.counts.failed,
    ttft: [track.last("ttft_p50", one.name), track.last("ttft_p99", one.name)],
    tokens: track.last("output_tokens_per_s", one.name),
    recent: track.last("hit_rate", one.name),
    share: Math.max(one.slots, one.in_flight),
  }));
  while (body.rows.length > rows.length) body.lastChild.remove();
  while (body.rows.length < rows.length) body.append(make("tr"));
  rows.forEach((row, number) => showEngine(body.rows[number], row, act));
}

/** Cells are written one by one, so that a button keeps its focus while figures change. */
function showEngine(line, row, act) {
  const cells = [
    [[row.name, row.make, row.url], () => [
      make("b", {}, row.name), " ", make("small", { title: row.url }, row.make)]],
    [[row.state, row.busy], () => [
      make("span", { class: `state ${row.state}` }, row.state),
      ...(row.busy ? [make("small", {}, ` ${row.busy} …`)] : [])]],
    [[row.in_flight, row.queued, row.running, row.waiting, row.share], () => [loadBar(row)]],
    [[row.kv_usage], () => [
      bar([[row.kv_usage ?? 0, row.kv_usage > 0.95 ? "full" : ""]], percent(row.kv_usage))]],
    [[row.recent, row.hit_rate], () => [
      percent(row.recent ?? row.hit_rate)]],
    [row.ttft, () => [`${seconds(row.ttft[0])} · ${seconds(row.ttft[1])}`]],
    [[row.tokens], () => [short(row.tokens)]],
    [[row.counts, row.restarts], () => [
      make("span", { class: row.counts ? "bad" : "" }, short(row.counts)),
      ...(row.restarts ? [make("small", { title: "times it began anew" }, ` ↻ ${row.restarts}`)] : [])]],
    [[row.models, row.adapters], () => [
      ...row.models.map((name) => make("span", { class: "tag" }, name)),
      ...row.adapters.map((name) => make("span", { class: "tag adapter", title: "adapter" }, name))]],
    [[row.operations, row.busy, row.adapters, row.loadable], () => buttons(row, act)],
  ];
  while (line.cells.length < cells.length) line.append(make("td"));
  line.cells[8].className = "names";
  line.cells[9].className = "operations";
  cells.forEach(([key, build], number) => fill(line.cells[number], [row.name, key], build));
}

function loadBar(row) {
  const begun = row.in_flight - row.queued;
  const told = known(row.running) ? ` (${row.running} · ${row.waiting ?? "–"})` : "";
  return bar(
    [[begun / row.share, ""], [row.queued / row.share, "soft"]],
    `${row.in_flight}${told}`,
    { title: `${begun} answering, ${row.queued} not begun; the engine says what is in brackets` },
  );
}

const QUESTIONS = {
  drain: ["Drain", "takes no new requests; those under way go on."],
  undrain: ["Undrain", "gets requests again."],
  sleep: ["Sleep", "is drained, then gives up its memory and its cache."],
  wake: ["Wake", "takes its memory back and gets requests again."],
  "load-adapter": ["Load", "loads an adapter; its base model goes on."],
  "unload-adapter": ["Unload", "gives up an adapter; requests for it fail there."],
};

function buttons(row, act) {
  return row.operations
    .filter((name) => name !== "unload-adapter" || row.adapters.length)
    .map((name) =>
      make("button", {
        type: "button", disabled: Boolean(row.busy), "aria-label": `${QUESTIONS[name][0]} ${row.name}`,
        onclick: () => act(name, row),
      }, QUESTIONS[name][0]),
    );
}

function showTenants(state) {
  const rows = state.tenants.map((one) => [
    one.owner, throttled(one), `${one.in_flight}${one.most === null ? "" : ` of ${one.most}`}`,
    left(one.requests_left, one.requests_per_min), left(one.tokens_left, one.tokens_per_min),
    money(one), one.refused ? `${short(one.refused)}, ${seconds(one.refused_s)} ago` : "–", one.why,
  ]);
  $("tenants").hidden = !rows.length;
  $("no-tenants").hidden = rows.length > 0;
  fill($("tenants").tBodies[0], rows, () =>
    rows.map(([owner, hot, ...cells]) => {
      const why = cells.pop();
      return make("tr", { class: hot ? "throttled" : "" },
        make("td", {}, make("b", {}, owner), ...(hot ? [make("span", { class: "warn" }, " throttled")] : [])),
        ...cells.map((text, number) => make("td", { title: number === 4 ? why : null }, text)));
    }),
  );
  const refused = Object.entries(state.refusals).filter(([, count]) => count);
  $("refusals").textContent = refused.length
    ? `Refused since the start: ${refused.map(([why, count]) => `${why} ${short(count)}`).join(", ")}`
    : "";
}

const left = (value, most) => (most === null ? "–" : `${short(value)} of ${short(most)}`);

function money(one) {
  const parts = [];
  if (one.day_budget !== null) parts.push(`day ${left(one.day_left, one.day_budget)}`);
  if (one.month_budget !== null) parts.push(`month ${left(one.month_left, one.month_budget)}`);
  return parts.join(", ") || "–";
}

function showNotes(notes) {
  $("no-notes").hidden = notes.length > 0;
  fill($("notes"), notes, () =>
    notes.map((note) => {
      const when = new Date(1000 * note.until);
      const time = make("time", { datetime: when.toISOString(), title: when.toLocaleString() },
        clock(note.until));
      return make("li", { class: note.level }, time, make("span", {},
        ...(note.engine ? [make("b", {}, note.engine), " "] : []), note.engine ? "" : make("b", {}, "gateway"),
        ` ${note.what}`, ...(note.count > 1 ? [make("b", {}, ` × ${short(note.count)}`)] : []),
        ...(note.who ? [make("em", {}, ` – ${note.who}`)] : [])));
    }),
  );
}
