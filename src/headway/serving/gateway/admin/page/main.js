// Asks the gateway, shows what it says, and does what the operator confirms.

const EVERY_MS = 1000;
let track = new Track(600);
let paused = false;
let timer = 0;

const line = (name, values, tone, dash = false) => ({ name, values: values ?? [], hue: tone, dash });
const perEngine = (column) => (told) =>
  Object.entries(told.engines).map(([name, columns], number) =>
    line(name, columns[column], hue(number)));

const CHARTS = [
  new Chart("Time to first token", "of all engines", seconds, (told) => [
    line("p50", told.all.ttft_p50, 215), line("p99", told.all.ttft_p99, 12)]),
  new Chart("Time to first token, p99", "by engine", seconds, perEngine("ttft_p99")),
  new Chart("Requests", "", short, (told) => [
    line("in flight", told.all.in_flight, 215), line("wait at the gateway", told.all.queue, 35),
    line("failed/s", told.all.errors_per_s, 0, true),
    line("refused/s", told.all.refused_per_s, 290, true)]),
  new Chart("Output tokens/s", "by engine", short, perEngine("output_tokens_per_s")),
  new Chart("In flight", "by engine", short, perEngine("in_flight")),
  new Chart("Prefix hit rate", "by engine", percent, perEngine("hit_rate"), 1),
];

async function ask(path, method = "GET", body = undefined) {
  const answer = await fetch(path, {
    method, credentials: "same-origin", cache: "no-store",
    headers: method === "GET" ? {} : { "x-headway-admin": "1", "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error(told.error?.message ?? `the gateway answered ${answer.status}`);
    error.status = answer.status;
    throw error;
  }
  return told;
}

async function look() {
  clearTimeout(timer);
  try {
    const [state, points] = await Promise.all([
      ask("/admin/state"), ask(`/admin/history?since=${track.count}`)]);
    track.add(points);
    document.body.classList.remove("stale");
    show(true);
    showState(state, track, confirmed);
    for (const chart of CHARTS) chart.show(track);
  } catch (error) {
    if (error.status === 401) {
      show(false);
      return;
    }
    document.body.classList.add("stale");
    $("pulse").className = "bad";
    $("pulse").lastChild.textContent = error.status ? error.message : "the gateway does not answer";
  }
  if (!paused) timer = setTimeout(look, document.hidden ? 5 * EVERY_MS : EVERY_MS);
}

function show(isSignedIn) {
  const asked = !$("sign-in").hidden;
  $("main").hidden = !isSignedIn;
  $("tools").hidden = !isSignedIn;
  $("sign-in").hidden = isSignedIn;
  if (isSignedIn || asked) return;
  $("pulse").className = "";
  $("pulse").lastChild.textContent = "signed out";
  $("token").focus();
}

async function signIn(token) {
  try {
    await ask("/admin/session", "POST", { token });
    $("token").value = "";
    $("sign-in-error").textContent = "";
    await look();
  } catch (error) {
    show(false);
    $("sign-in-error").textContent = error.message;
  }
}

/** Opens the dialog; resolves to the values of its fields, or to null. */
function question(title, text, fields, work) {
  const dialog = $("ask");
  $("ask-title").textContent = title;
  $("ask-text").textContent = text;
  $("ask-error").textContent = "";
  $("ask-yes").textContent = title.split(" ")[0];
  $("ask-fields").replaceChildren(...fields.flatMap((field) => [
    make("label", { for: `field-${field.name}` }, field.label),
    make("input", { id: `field-${field.name}`, name: field.name, list: `list-${field.name}`,
      required: field.required, value: field.value ?? "", spellcheck: "false", autocomplete: "off" }),
    make("datalist", { id: `list-${field.name}` },
      ...(field.choices ?? []).map((choice) => make("option", { value: choice }))),
  ]));
  $("ask").querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    const told = {};
    for (const field of fields) {
      const value = $(`field-${field.name}`).value.trim();
      if (value) told[field.name] = value;
    }
    $("ask-yes").disabled = true;
    try {
      await work(told);
      dialog.close();
      look();
    } catch (error) {
      $("ask-error").textContent = error.message;
    } finally {
      $("ask-yes").disabled = false;
    }
  };
  dialog.showModal();
}

function confirmed(operation, row) {
  const [title, text] = QUESTIONS[operation];
  const fields = [];
  if (operation === "load-adapter") {
    fields.push({ name: "adapter", label: "Its name", required: true, choices: row.loadable });
    fields.push({ name: "path", label: "Where the engine finds it, if the file does not say" });
  } else if (operation === "unload-adapter") {
    fields.push({ name: "adapter", label: "Its name", required: true, choices: row.adapters,
      value: row.adapters[0] });
  }
  const what = operation.endsWith("adapter") ? " adapter:" : "";
  question(`${title}${what} ${row.name}?`, `${row.name} ${text}`, fields, async (told) => {
    await ask(`/admin/engines/${encodeURIComponent(row.name)}/${operation}`, "POST", told);
    toast(`${row.name}: done`);
  });
}

function choosePolicy(event) {
  const policy = event.target.value;
  $("policy").told = undefined; // shown anew, whatever is answered
  question(`Switch to ${policy}?`, `${policy} decides about requests that name no policy.`, [],
    (_) => ask("/admin/policy", "POST", { policy }));
}

function begin() {
  $("charts").append(...CHARTS.map((chart) => chart.element));
  $("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    signIn($("token").value.trim());
  });
  $("policy").addEventListener("change", choosePolicy);
  $("span").addEventListener("change", (event) => {
    track = new Track(Number(event.target.value));
    look();
  });
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").textContent = paused ? "Go on" : "Pause";
    $("pause").setAttribute("aria-pressed", paused);
    if (!paused) look();
  });
  $("reload").addEventListener("click", () =>
    question("Reload keys?", "Keys that are new or revoked count at once.", [],
      () => ask("/admin/keys/reload", "POST", {})));
  $("leave").addEventListener("click", async () => {
    await ask("/admin/session", "DELETE");
    track.clear();
    show(false);
  });
  $("ask-no").addEventListener("click", () => $("ask").close());
  $("ask").addEventListener("close", look);
  document.addEventListener("visibilitychange", () => document.hidden || paused || look());
  dark.addEventListener("change", () => CHARTS.forEach((chart) => chart.draw()));
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) {
    history.replaceState(null, "", location.pathname);
    signIn(decodeURIComponent(token));
  } else {
    look();
  }
}

begin();
