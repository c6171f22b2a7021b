// Puts chart, legend and table on the page.
const SIGNS = [
  ["setups", "setup", "setup"], ["holds", "hold", "holds its machine"], ["pauses", "pause", "paused"],
  ["breaks", "break", "break"], ["due", "due", "due date"], ["deadline", "deadline", "deadline"],
  ["tardy", "tardy", "late"],
];

function drawLegend(data, view) {
  const entries = data.critical.length ? [["critical", "critical path"]] : [];
  for (const [part, sign, text] of SIGNS) {
    if (view[part].start.some((at) => at <= data.range[1])) entries.push([sign, text]);
  }
  const { start, end } = data.tasks;
  if (view.bars.task.some((task) => start[task] === end[task])) entries.push(["milestone", "takes no time"]);
  const list = document.getElementById("legend");
  list.replaceChildren(...entries.map(([sign, text]) => {
    const item = element("li");
    item.append(element("i", undefined, sign), element("span", text));
    return item;
  }));
  const used = [...new Set(view.bars.task.map((task) => view.key.of[task]))].filter((k) => k >= 0).sort((a, b) => a - b);
  if (view.key.what === "task" || used.length < 2 || used.length > data.palette.length) return;
  for (const thing of used) {
    const item = list.appendChild(element("li"));
    const swatch = item.appendChild(element("i"));
    swatch.style.background = data.palette[thing % data.palette.length];
    item.append(element("span", view.key.names[thing]));
  }
}

function main() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  for (const id of ["chart", "chart-bar", "table-section"]) byId(id).hidden = false;
  const chart = new Chart(byId("chart"), data, (task) => table.choose(task, true));
  const table = new Table(byId("tasks"), data, (task) => chart.reveal(task));
  const views = byId("views");
  const buttons = data.views.map((view) => {
    const button = views.appendChild(element("button", view.label));
    button.addEventListener("click", () => pick(view));
    return button;
  });
  function pick(view) {
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(data.views[at] === view)));
    byId("chart").scrollTop = 0;
    chart.show(view);
    drawLegend(data, view);
  }
  views.hidden = data.views.length < 2;
  pick(data.views[0]);
  byId("critical").addEventListener("change", (event) => {
    chart.markCritical = event.target.checked;
    chart.ask();
  });
  byId("zoom-in").addEventListener("click", () => chart.zoom(0.6));
  byId("zoom-out").addEventListener("click", () => chart.zoom(1 / 0.6));
  byId("zoom-fit").addEventListener("click", () => chart.fit());
  byId("search").addEventListener("input", (event) => {
    byId("tasks").scrollTop = 0;
    table.filter(event.target.value);
  });
}

main();
