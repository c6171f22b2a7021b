// The box that follows the pointer and tells about a task.
function aboutTask(data, task, critical) {
  const { tasks, clock } = data;
  const lines = [];
  if (tasks.uses[task]) lines.push(["uses", tasks.uses[task]]);
  if (tasks.modes[task] > 1) lines.push(["mode", `${tasks.mode[task] + 1} of ${tasks.modes[task]}`]);
  lines.push(["start", showMoment(tasks.start[task], clock)]);
  lines.push(["end", showMoment(tasks.end[task], clock)]);
  lines.push(["work", showTime(tasks.work[task], clock)]);
  const paused = tasks.end[task] - tasks.start[task] - tasks.work[task];
  if (paused > 0) lines.push(["paused", showTime(paused, clock)]);
  if (tasks.free[task] > tasks.end[task]) lines.push(["holds until", showMoment(tasks.free[task], clock)]);
  lines.push(["slack", showTime(tasks.slack[task], clock) + (critical ? ", critical" : "")]);
  return lines;
}

function showTip(data, task, x, y, critical) {
  const tip = document.getElementById("tip");
  const table = element("table");
  for (const [label, text] of aboutTask(data, task, critical)) {
    const row = table.appendChild(element("tr"));
    row.append(element("th", label), element("td", text));
  }
  const job = data.tasks.job[task];
  const name = job < 0 ? data.tasks.name[task] : `${data.jobs[job]} · ${data.tasks.name[task]}`;
  tip.replaceChildren(element("b", name), table);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, x + 16 + width > innerWidth ? x - width - 12 : x + 16)}px`;
  tip.style.top = `${Math.max(4, y + 18 + height > innerHeight ? y - height - 10 : y + 18)}px`;
}

function hideTip() {
  document.getElementById("tip").hidden = true;
}
