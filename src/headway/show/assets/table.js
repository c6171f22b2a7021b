// The table of tasks: sorted, searched, and built only where it is in sight.
const ROW = 31;

class Table {
  constructor(box, data, onChoose) {
    this.box = box;
    this.data = data;
    this.onChoose = onChoose;
    this.chosen = -1;
    const { tasks, jobs, clock } = data;
    const critical = new Set(data.critical);
    const told = (show) => (column, absent = "") => (task) => (tasks.mode[task] < 0 ? absent : show(column[task], clock));
    const [time, moment] = [told(showTime), told(showMoment)];
    this.columns = [
      { label: "Task", text: (t) => tasks.name[t], sort: (t) => tasks.name[t] },
      { label: "Job", text: (t) => (tasks.job[t] < 0 ? "" : jobs[tasks.job[t]]), sort: (t) => tasks.job[t], needed: jobs.length },
      { label: "Uses", text: (t) => tasks.uses[t], sort: (t) => tasks.uses[t] },
      { label: "Mode", text: (t) => (tasks.mode[t] < 0 ? "" : String(tasks.mode[t] + 1)), sort: (t) => tasks.mode[t], number: true, needed: tasks.modes.some((n) => n > 1) },
      { label: "Start", text: moment(tasks.start, "left out"), sort: (t) => tasks.start[t], number: true },
      { label: "End", text: moment(tasks.end), sort: (t) => tasks.end[t], number: true },
      { label: "Work", text: time(tasks.work), sort: (t) => tasks.work[t], number: true },
      { label: "Slack", text: time(tasks.slack), sort: (t) => tasks.slack[t], number: true },
      { label: "Critical", text: (t) => (critical.has(t) ? "yes" : ""), sort: (t) => (critical.has(t) ? 0 : 1) },
    ].filter((column) => column.needed === undefined || column.needed);
    this.order = tasks.name.map((_, task) => task);
    this.texts = this.order.map((t) => `${tasks.name[t]} ${tasks.job[t] < 0 ? "" : jobs[tasks.job[t]]} ${tasks.uses[t]}`.toLowerCase());
    this.build();
    this.sortBy(this.columns.findIndex((column) => column.label === "Start"), 1);
    box.addEventListener("scroll", () => this.draw());
  }

  build() {
    const table = this.box.appendChild(element("table"));
    const head = table.appendChild(element("thead")).appendChild(element("tr"));
    this.heads = this.columns.map((column, at) => {
      const cell = head.appendChild(element("th", undefined, column.number ? "number" : ""));
      cell.scope = "col";
      const button = cell.appendChild(element("button", column.label));
      button.addEventListener("click", () => this.sortBy(at, this.sorted === at ? -this.direction : 1));
      return cell;
    });
    this.body = table.appendChild(element("tbody"));
  }

  sortBy(at, direction) {
    this.sorted = at;
    this.direction = direction;
    const { sort } = this.columns[at];
    const keys = this.data.tasks.name.map((_, task) => sort(task));
    const words = new Intl.Collator(undefined, { numeric: true });
    const compare = typeof keys[0] === "string" ? words.compare : (a, b) => a - b;
    this.order.sort((a, b) => direction * compare(keys[a], keys[b]) || a - b);
    this.heads.forEach((head, k) => {
      if (k === at) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    this.filter(this.query || "");
  }

  filter(query) {
    this.query = query;
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.order.filter((task) => words.every((word) => this.texts[task].includes(word)));
    const all = this.order.length;
    const count = this.shown.length === all ? `${grouped(String(all))} tasks` : `${grouped(String(this.shown.length))} of ${grouped(String(all))} tasks`;
    document.getElementById("count").textContent = count;
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 8);
    const last = Math.min(this.shown.length, first + Math.ceil((this.box.clientHeight || 560) / ROW) + 16);
    const rows = [this.space(first * ROW)];
    for (const task of this.shown.slice(first, last)) rows.push(this.row(task));
    rows.push(this.space((this.shown.length - last) * ROW));
    this.body.replaceChildren(...rows);
  }

  space(height) {
    const row = element("tr", undefined, "space");
    const cell = row.appendChild(element("td"));
    cell.colSpan = this.columns.length;
    cell.style.height = `${height}px`;
    return row;
  }

  row(task) {
    const row = element("tr", undefined, task === this.chosen ? "chosen" : "");
    for (const column of this.columns) {
      const cell = row.appendChild(element("td", column.text(task), column.number ? "number" : ""));
      cell.title = cell.textContent.length > 40 ? cell.textContent : "";
    }
    row.addEventListener("click", () => {
      this.choose(task === this.chosen ? -1 : task, false);
      this.onChoose(this.chosen);
    });
    return row;
  }

  choose(task, scroll) {
    this.chosen = task;
    const at = this.shown.indexOf(task);
    if (scroll && at >= 0) {
      const top = at * ROW;
      if (top < this.box.scrollTop || top > this.box.scrollTop + this.box.clientHeight - 2 * ROW) {
        this.box.scrollTop = Math.max(0, top - this.box.clientHeight / 2);
      }
    }
    this.draw();
  }
}
