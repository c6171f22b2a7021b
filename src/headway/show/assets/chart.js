// The interactive Gantt chart: one canvas that draws what is in sight.
class Chart {
  constructor(box, data, onChoose) {
    this.box = box;
    this.data = data;
    this.onChoose = onChoose;
    this.critical = new Set(data.critical);
    this.markCritical = true;
    this.chosen = -1;
    this.fill = box.appendChild(element("div", undefined, "fill"));
    this.canvas = this.fill.appendChild(document.createElement("canvas"));
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Gantt chart; the table below lists the same tasks");
    this.pen = this.canvas.getContext("2d");
    this.widths = new Map();
    this.listen();
  }

  show(view) {
    this.view = view;
    const lanes = view.rows.reduce((sum, row) => sum + row.lanes, 0);
    this.lane = Math.max(15, Math.min(34, Math.floor(560 / Math.max(lanes, 1))));
    this.head = this.data.clock.origin === null ? 30 : 44;
    this.tops = [0];
    for (const row of view.rows) {
      const tall = row.lanes > 1 ? row.lanes * this.shared() + 8 : this.lane;
      this.tops.push(this.tops[this.tops.length - 1] + tall);
    }
    this.byRow = view.rows.map(() => []);
    view.bars.row.forEach((row, at) => this.byRow[row].push(at));
    this.datesOf = view.rows.map(() => []);
    for (const { row, end } of [view.due, view.deadline]) row.forEach((r, at) => this.datesOf[r].push(end[at]));
    this.pausesOf = new Map();
    view.pauses.task.forEach((task, at) => {
      const key = `${view.pauses.row[at]} ${task}`;
      if (!this.pausesOf.has(key)) this.pausesOf.set(key, []);
      this.pausesOf.get(key).push(at);
    });
    this.fit();
  }

  shared() { return Math.max(13, Math.round(this.lane * 0.72)); }
  laneHeight(row) { return this.view.rows[row].lanes > 1 ? this.shared() : this.lane; }
  laneTop(row, lane) {
    return this.tops[row] + (this.view.rows[row].lanes > 1 ? 4 : 0) + lane * this.laneHeight(row);
  }

  fit() {
    [this.low, this.high] = this.data.range;
    this.resize();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const full = this.tops[this.tops.length - 1] + this.head + 6;
    this.fill.style.height = `${full}px`;
    this.wide = this.box.clientWidth;
    this.tall = Math.min(full, this.box.clientHeight || full);
    this.canvas.width = Math.round(this.wide * ratio);
    this.canvas.height = Math.round(this.tall * ratio);
    this.canvas.style.width = `${this.wide}px`;
    this.canvas.style.height = `${this.tall}px`;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.gutter = Math.min(this.nameWidth() + 22, this.wide * 0.3);
    this.ask();
  }

  nameWidth() {
    this.font(12);
    const clock = this.measure(this.data.clock.label);
    const rows = this.view.rows.slice(0, 2000);
    this.font(11);
    const notes = rows.map((row) => this.measure(row.note));
    this.font(13);
    return Math.max(clock, ...notes, ...rows.map((row) => this.measure(row.label)));
  }

  font(size) {
    if (this.size !== size) this.size = size;
    this.pen.font = `${size}px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif`;
  }

  measure(text) {
    const key = `${this.size} ${text}`;
    let wide = this.widths.get(key);
    if (wide === undefined) {
      wide = this.pen.measureText(text).width;
      this.widths.set(key, wide);
    }
    return wide;
  }

  cut(text, room) {
    if (this.measure(text) <= room) return text;
    let low = 0;
    let high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.pen.measureText(text.slice(0, middle) + "…").width <= room) low = middle;
      else high = middle - 1;
    }
    return text.slice(0, low) + "…";
  }

  ask() {
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.draw(); });
    }
  }

  x(tick) { return this.gutter + ((tick - this.low) / (this.high - this.low)) * (this.wide - this.gutter - 12); }
  tick(x) { return this.low + ((x - this.gutter) / (this.wide - this.gutter - 12)) * (this.high - this.low); }

  draw() {
    const style = getComputedStyle(document.documentElement);
    const names = ["paper", "card", "ink", "muted", "line", "band", "rest", "critical", "late", "accent"];
    const look = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    this.look = (name) => look[name];
    const { pen, view } = this;
    this.scroll = this.box.scrollTop;
    pen.fillStyle = this.look("paper");
    pen.fillRect(0, 0, this.wide, this.tall);
    pen.save();
    pen.beginPath();
    pen.rect(0, this.head, this.wide, this.tall - this.head);
    pen.clip();
    pen.translate(0, this.head - this.scroll);
    const rows = this.rowsInSight();
    this.drawRows(rows);
    pen.save();
    pen.beginPath();
    pen.rect(this.gutter, this.scroll - this.head, this.wide, this.tall + this.head);
    pen.clip();
    this.drawSpans(view.breaks, rows, (x, y, w, h) => pen.fillRect(x, y, w, h), this.look("rest"), true);
    this.drawGrid();
    this.drawHolds(rows);
    this.drawSetups(rows);
    for (let row = rows[0]; row < rows[1]; row++) this.drawBars(row);
    this.drawDates(rows);
    pen.restore();
    pen.restore();
    this.drawHead();
  }

  rowsInSight() {
    const above = (y) => {
      let low = 0;
      let high = this.view.rows.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.tops[middle + 1] <= y) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [above(this.scroll), Math.min(above(this.scroll + this.tall) + 1, this.view.rows.length)];
  }

  drawRows([first, last]) {
    const { pen, view } = this;
    for (let row = first; row < last; row++) {
      const top = this.tops[row];
      const tall = this.tops[row + 1] - top;
      pen.fillStyle = this.look("band");
      if (row % 2) pen.fillRect(0, top, this.wide, tall);
      pen.fillStyle = this.look("line");
      pen.fillRect(0, top + tall - 0.5, this.wide, 1);
      pen.textAlign = "right";
      pen.textBaseline = "middle";
      const noted = view.rows[row].note && tall > 34;
      this.font(Math.min(13, tall - 2));
      pen.fillStyle = this.look("ink");
      const label = this.cut(view.rows[row].label, this.gutter - 16);
      pen.fillText(label, this.gutter - 10, top + tall / 2 - (noted ? 7 : 0));
      if (noted) {
        this.font(11);
        pen.fillStyle = this.look("muted");
        pen.fillText(this.cut(view.rows[row].note, this.gutter - 16), this.gutter - 10, top + tall / 2 + 8);
      }
    }
  }

  drawGrid() {
    const { pen } = this;
    this.marks = axisMarks(this.low, this.high, (this.wide - this.gutter) / 95, this.data.clock);
    pen.fillStyle = this.look("line");
    for (const [at] of this.marks) pen.fillRect(Math.round(this.x(at)), this.scroll, 1, this.tall);
    pen.strokeStyle = this.look("muted");
    pen.setLineDash([5, 4]);
    pen.beginPath();
    pen.moveTo(this.x(this.data.makespan), this.scroll);
    pen.lineTo(this.x(this.data.makespan), this.scroll + this.tall);
    pen.stroke();
    pen.setLineDash([]);
  }

  drawHead() {
    const { pen } = this;
    pen.fillStyle = this.look("card");
    pen.fillRect(0, 0, this.wide, this.head);
    pen.fillStyle = this.look("line");
    pen.fillRect(0, this.head - 1, this.wide, 1);
    this.font(12);
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.fillStyle = this.look("muted");
    // Labels of dates have a second line.
    const dated = this.data.clock.origin !== null;
    const upper = dated ? 14 : this.head / 2;
    pen.fillText(this.data.clock.label, this.gutter - 10, upper);
    const end = this.x(this.data.makespan);
    const told = showMoment(this.data.makespan, this.data.clock);
    const room = this.measure(told) + 14;
    pen.textAlign = "center";
    for (const [at, label] of this.marks) {
      const x = this.x(at);
      const [text, below] = label.split("\n");
      const half = this.measure(text) / 2;
      const free = x + half < end - room || x - half > end + 6 || end > this.wide;
      if (x < this.gutter - 1) continue;
      if (x + half < this.wide && free) pen.fillText(text, x, upper);
      if (below && x + this.measure(below) / 2 < this.wide) pen.fillText(below, x, upper + 16);
    }
    if (end > this.gutter + room && end < this.wide) {
      pen.textAlign = "right";
      pen.fillStyle = this.look("ink");
      pen.fillText(told, end, upper);
    }
  }

  drawSpans(spans, [first, last], draw, colour, wholeRow) {
    const { pen } = this;
    for (let at = 0; at < spans.row.length; at++) {
      const row = spans.row[at];
      if (row < first || row >= last || spans.end[at] < this.low || spans.start[at] > this.high) continue;
      const left = this.x(spans.start[at]);
      const wide = this.x(spans.end[at]) - left;
      pen.fillStyle = colour;
      if (wholeRow) draw(left, this.tops[row], wide, this.tops[row + 1] - this.tops[row], at);
      else draw(left, this.laneTop(row, spans.lane[at]), wide, this.laneHeight(row), at);
    }
  }

  drawHolds(rows) {
    const { pen, view } = this;
    this.drawSpans(view.holds, rows, (x, y, w, h, at) => {
      pen.globalAlpha = this.faded(view.holds.task[at]) ? 0.1 : 0.32;
      pen.fillStyle = this.paint(view.holds.task[at]);
      pen.fillRect(x, y + h * 0.26, w, h * 0.48);
      pen.globalAlpha = 1;
    });
  }

  drawSetups(rows) {
    const { pen, view } = this;
    this.drawSpans(view.setups, rows, (x, y, w, h) => {
      pen.save();
      pen.beginPath();
      pen.rect(x, y + h * 0.2, w, h * 0.6);
      pen.fillStyle = this.look("paper");
      pen.fill();
      pen.strokeStyle = this.look("muted");
      pen.lineWidth = 1;
      pen.stroke();
      pen.clip();
      pen.beginPath();
      for (let at = x - h; at < x + w; at += 5) {
        pen.moveTo(at, y + h);
        pen.lineTo(at + h, y);
      }
      pen.stroke();
      pen.restore();
    });
  }

  paint(task) {
    const thing = this.view.key.of[task];
    return thing < 0 ? this.data.neutral : this.data.palette[thing % this.data.palette.length];
  }

  text(task) {
    const thing = this.view.key.of[task];
    return thing < 0 ? this.data.neutralText : this.data.text[thing % this.data.text.length];
  }

  faded(task) {
    if (this.chosen < 0 || task === this.chosen) return false;
    const job = this.data.tasks.job[this.chosen];
    return job < 0 || this.data.tasks.job[task] !== job;
  }

  drawBars(row) {
    const { pen, view, data } = this;
    const tall = this.laneHeight(row);
    const inset = Math.max(1, tall * 0.1);
    for (const at of this.byRow[row]) {
      const task = view.bars.task[at];
      const start = data.tasks.start[task];
      const end = data.tasks.end[task];
      if (end < this.low || start > this.high) continue;
      const left = this.x(start);
      const wide = this.x(end) - left;
      const top = this.laneTop(row, view.bars.lane[at]) + inset;
      const high = tall - 2 * inset;
      pen.globalAlpha = this.faded(task) ? 0.18 : 1;
      pen.fillStyle = this.paint(task);
      if (start === end) {
        this.diamond(left, top + high / 2, Math.min(7, high / 2), task);
        continue;
      }
      const strong = this.markCritical && this.critical.has(task);
      pen.strokeStyle = this.look(task === this.chosen ? "accent" : "critical");
      pen.lineWidth = task === this.chosen ? 3 : Math.min(2, Math.max(0.8, wide / 6));
      for (const k of this.pausesOf.get(`${row} ${task}`) || []) {
        const from = this.x(view.pauses.start[k]);
        pen.fillRect(from, top + high * 0.4, this.x(view.pauses.end[k]) - from, high * 0.2);
      }
      for (const [a, b] of this.pieces(row, task, start, end)) {
        const from = this.x(a);
        const size = this.x(b) - from;
        const gap = size > 4 ? 0.5 : 0;
        pen.fillRect(from + gap, top, Math.max(size - 2 * gap, 0.6), high);
        if (size > 2 && (strong || task === this.chosen)) {
          const half = pen.lineWidth / 2;
          pen.strokeRect(from + half, top + half, Math.max(size - 2 * half, 0.1), high - 2 * half);
        }
      }
      if (wide > 12) this.drawLabel(row, task, start, end, top, high);
      pen.globalAlpha = 1;
    }
    pen.globalAlpha = 1;
  }

  pieces(row, task, start, end) {
    const pauses = this.pausesOf.get(`${row} ${task}`);
    if (!pauses) return [[start, end]];
    const pieces = [];
    let from = start;
    for (const at of pauses) {
      if (this.view.pauses.start[at] > from) pieces.push([from, this.view.pauses.start[at]]);
      from = this.view.pauses.end[at];
    }
    if (end > from) pieces.push([from, end]);
    return pieces;
  }

  diamond(x, y, size, task) {
    const { pen } = this;
    pen.beginPath();
    pen.moveTo(x - size, y);
    pen.lineTo(x, y - size);
    pen.lineTo(x + size, y);
    pen.lineTo(x, y + size);
    pen.closePath();
    pen.fill();
    pen.strokeStyle = this.look(this.markCritical && this.critical.has(task) ? "critical" : "muted");
    pen.lineWidth = 1;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  drawLabel(row, task, start, end, top, high) {
    const { pen } = this;
    const size = Math.max(9, Math.min(12.5, Math.floor(high * 0.6)));
    let best = [start, end];
    for (const piece of this.pieces(row, task, start, end)) {
      if (best[0] === start && best[1] === end) best = piece;
      else if (piece[1] - piece[0] > best[1] - best[0]) best = piece;
    }
    // Of a bar that a date divides, the larger side is written on.
    for (const date of this.datesOf[row]) {
      const [from, to] = best;
      if (from < date && date < to) best = date - from >= to - date ? [from, date] : [date, to];
    }
    const left = Math.max(this.x(best[0]), this.gutter);
    const right = Math.min(this.x(best[1]), this.wide);
    const names = this.names(task);
    // What does not fit is tried once more in small letters, as short as possible.
    const tries = [...names.map((text) => [text, size]), [names[names.length - 1], 9.5]];
    for (const [text, points] of tries) {
      this.font(points);
      if (this.measure(text) + 4 <= right - left) {
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.fillStyle = this.text(task);
        pen.fillText(text, (left + right) / 2, top + high / 2 + 0.5);
        return;
      }
    }
  }

  // What may be written on a bar, the longest text first.
  names(task) {
    const { key } = this.view;
    const own = this.data.tasks.name[task];
    const thing = key.of[task];
    if (thing < 0 || key.what === "task") return [own];
    const detailed = /^\d+$/.test(own) ? [] : [`${key.names[thing]} · ${own}`];
    return [...detailed, key.names[thing], key.short[thing]];
  }

  drawDates(rows) {
    const { pen, view } = this;
    const line = (x, y, w, h, dash, thick) => {
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x, y + h);
      // A light edge keeps the line visible on any bar.
      pen.strokeStyle = this.look("paper");
      pen.lineWidth = thick + 2.5;
      pen.stroke();
      pen.strokeStyle = this.look("late");
      pen.lineWidth = thick;
      pen.setLineDash(dash);
      pen.stroke();
      pen.setLineDash([]);
    };
    this.drawSpans(view.due, rows, (x, y, w, h) => line(x, y, w, h, [3, 2], 1.6), "", true);
    this.drawSpans(view.deadline, rows, (x, y, w, h) => line(x, y, w, h, [], 2.4), "", true);
    this.drawSpans(view.tardy, rows, (x, y, w, h) => pen.fillRect(x, y + h - 3, w, 3), this.look("late"), true);
  }

  // Which task lies under a point of the canvas, or -1.
  taskAt(px, py) {
    if (py < this.head || px < this.gutter) return -1;
    const y = py - this.head + this.scroll;
    const row = this.tops.findIndex((top, at) => y >= top && y < this.tops[at + 1]);
    if (row < 0) return -1;
    const lane = Math.floor((y - this.laneTop(row, 0)) / this.laneHeight(row));
    const { start, end } = this.data.tasks;
    let found = -1;
    let near = 6;
    for (const at of this.byRow[row]) {
      if (this.view.bars.lane[at] !== lane) continue;
      const task = this.view.bars.task[at];
      const far = Math.max(this.x(start[task]) - px, px - this.x(end[task]), 0);
      if (far < near) {
        near = far;
        found = task;
      }
    }
    return found;
  }

  zoom(factor, about = this.gutter + (this.wide - this.gutter) / 2) {
    const at = this.tick(Math.max(about, this.gutter));
    const [first, last] = this.data.range;
    const span = Math.min(Math.max((this.high - this.low) * factor, Math.min(4, last - first)), last - first);
    const share = (at - this.low) / (this.high - this.low);
    this.low = at - share * span;
    this.high = this.low + span;
    this.pan(0);
  }

  pan(ticks) {
    const [first, last] = this.data.range;
    const span = this.high - this.low;
    this.low = Math.min(Math.max(this.low + ticks, first), last - span);
    this.high = this.low + span;
    this.ask();
  }

  // Bring a task into sight.
  reveal(task) {
    this.chosen = task;
    const at = this.view.bars.task.indexOf(task);
    if (at >= 0) {
      const { start, end } = this.data.tasks;
      const span = this.high - this.low;
      if (end[task] < this.low || start[task] > this.high) {
        this.low = (start[task] + end[task]) / 2 - span / 2;
        this.high = this.low + span;
      }
      const top = this.laneTop(this.view.bars.row[at], this.view.bars.lane[at]);
      if (top < this.box.scrollTop || top + this.lane + this.head > this.box.scrollTop + this.tall) {
        this.box.scrollTop = Math.max(0, top - this.tall / 2);
      }
    }
    this.pan(0);
  }

  listen() {
    const { canvas } = this;
    let grip = null;
    let moved = false;
    canvas.addEventListener("pointerdown", (event) => {
      grip = [event.clientX, event.clientY, this.low, this.high, this.box.scrollTop];
      moved = false;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (grip && (event.buttons & 1)) {
        const [x, y, low, high, scroll] = grip;
        if (Math.abs(event.clientX - x) + Math.abs(event.clientY - y) > 4 && !moved) {
          moved = true;
          canvas.setPointerCapture(event.pointerId);
          canvas.classList.add("moving");
          hideTip();
        }
        if (moved) {
          const perPixel = (high - low) / (this.wide - this.gutter - 12);
          this.low = low;
          this.high = high;
          this.pan((x - event.clientX) * perPixel);
          if (event.pointerType === "mouse") this.box.scrollTop = scroll + y - event.clientY;
        }
        return;
      }
      const task = this.taskAt(event.offsetX, event.offsetY);
      canvas.classList.toggle("over", task >= 0);
      if (task >= 0) showTip(this.data, task, event.clientX, event.clientY, this.critical.has(task));
      else hideTip();
    });
    canvas.addEventListener("pointerup", (event) => {
      canvas.classList.remove("moving");
      if (grip && !moved) {
        const task = this.taskAt(event.offsetX, event.offsetY);
        this.chosen = task === this.chosen ? -1 : task;
        this.onChoose(this.chosen);
        this.ask();
      }
      grip = null;
    });
    canvas.addEventListener("pointerleave", hideTip);
    canvas.addEventListener("dblclick", (event) => this.zoom(0.5, event.offsetX));
    canvas.addEventListener("wheel", (event) => {
      if (event.ctrlKey || event.metaKey) {
        this.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 150), event.offsetX);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = event.deltaX || event.deltaY;
        this.pan((by * (this.high - this.low)) / this.wide);
      } else {
        return;
      }
      event.preventDefault();
      hideTip();
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = (this.high - this.low) / 8;
      const actions = {
        "+": () => this.zoom(0.7), "=": () => this.zoom(0.7), "-": () => this.zoom(1 / 0.7),
        0: () => this.fit(), ArrowLeft: () => this.pan(-step), ArrowRight: () => this.pan(step),
        Escape: () => { this.chosen = -1; this.onChoose(-1); this.ask(); },
      };
      if (actions[event.key] && !event.ctrlKey && !event.metaKey) {
        actions[event.key]();
        event.preventDefault();
      }
    });
    this.box.addEventListener("scroll", () => { hideTip(); this.ask(); });
    window.addEventListener("resize", () => this.resize());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.ask());
  }
}
