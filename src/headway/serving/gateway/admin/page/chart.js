// Lines over time on a canvas, with the values under the pointer, or under the arrow keys.

class Chart {
  /** `say` writes values; `pick(track)` returns lines as {name, values, hue, dash}. */
  constructor(title, unit, say, pick, top = null) {
    this.say = say;
    this.pick = pick;
    this.top = top;
    this.at = null;
    this.canvas = make("canvas", { tabindex: "0", role: "img", "aria-label": title });
    this.when = make("span", { class: "unit" });
    this.unit = unit;
    this.legend = make("div", { class: "legend" });
    this.element = make(
      "figure", {}, make("figcaption", {}, title, this.when), this.canvas, this.legend,
    );
    this.canvas.addEventListener("pointermove", (event) => this.point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.leave());
    this.canvas.addEventListener("blur", () => this.leave());
    this.canvas.addEventListener("keydown", (event) => this.step(event));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(track) {
    this.track = track;
    const times = track.t;
    this.span = stretch(track.span, times.length ? times[times.length - 1] - times[0] : 0);
    this.draw();
  }

  point(x) {
    if (!this.track?.t.length || !this.scale) return;
    this.at = nearest(this.track.t, this.scale.time(x));
    this.draw();
  }

  leave() {
    this.at = null;
    this.draw();
  }

  step(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in moves) || !this.track?.t.length) return;
    event.preventDefault();
    const last = this.track.t.length - 1;
    this.at = Math.max(0, Math.min((this.at ?? last) + moves[event.key], last));
    this.draw();
  }

  draw() {
    const { canvas, track } = this;
    const wide = canvas.clientWidth;
    const high = canvas.clientHeight;
    if (!track || !wide) return;
    const dense = window.devicePixelRatio || 1;
    canvas.width = wide * dense;
    canvas.height = high * dense;
    const pen = canvas.getContext("2d");
    pen.scale(dense, dense);
    const lines = this.pick(track);
    const top = this.top ?? ceiling(largest(lines.map((line) => line.values)));
    this.scale = this.scaleOf(wide, high, top);
    this.drawGrid(pen, wide, high, top);
    for (const line of lines) this.drawLine(pen, line);
    if (this.at !== null) this.drawPointer(pen, high);
    this.drawLegend(lines);
  }

  scaleOf(wide, high, top) {
    const times = this.track.t;
    const end = times.length ? times[times.length - 1] : 0;
    const [left, right, above, below] = [46, 6, 8, 18];
    const width = wide - left - right;
    const height = high - above - below;
    return {
      left, right: wide - right, base: above + height, end,
      x: (t) => left + width * (1 - (end - t) / this.span),
      y: (value) => above + height * (1 - Math.min(value / top, 1)),
      time: (x) => end - this.span * (1 - (x - left) / width),
    };
  }

  drawGrid(pen, wide, high, top) {
    const style = getComputedStyle(document.body);
    const { scale } = this;
    pen.font = `11px ${style.fontFamily}`;
    pen.fillStyle = style.getPropertyValue("color");
    pen.globalAlpha = 0.65;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const mark of marks(top)) {
      const y = Math.round(scale.y(mark)) + 0.5;
      pen.fillText(this.say(mark), scale.left - 6, y);
      pen.globalAlpha = 0.12;
      pen.fillRect(scale.left, y - 0.5, scale.right - scale.left, 1);
      pen.globalAlpha = 0.65;
    }
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    for (let number = 0; number <= 4; number += 1) {
      const ago = (this.span * (4 - number)) / 4;
      const x = scale.x(scale.end - ago);
      pen.textAlign = number === 4 ? "right" : number ? "center" : "left";
      pen.fillText(ago ? `−${seconds(ago)}` : "now", x, high);
    }
    pen.globalAlpha = 1;
  }

  drawLine(pen, line) {
    const { scale, track } = this;
    pen.strokeStyle = stroke(line.hue);
    pen.lineWidth = 1.6;
    pen.lineJoin = "round";
    pen.setLineDash(line.dash ? [4, 3] : []);
    pen.beginPath();
    let drawn = false;
    line.values.forEach((value, number) => {
      const x = scale.x(track.t[number]);
      if (!known(value) || x < scale.left) {
        drawn = false;
        return;
      }
      if (drawn) pen.lineTo(x, scale.y(value));
      else pen.moveTo(x, scale.y(value));
      drawn = true;
    });
    pen.stroke();
    pen.setLineDash([]);
  }

  drawPointer(pen, high) {
    const x = this.scale.x(this.track.t[this.at]);
    pen.globalAlpha = 0.5;
    pen.fillStyle = getComputedStyle(document.body).color;
    pen.fillRect(Math.round(x), 0, 1, high - 18);
    pen.globalAlpha = 1;
  }

  drawLegend(lines) {
    const at = this.at ?? this.track.t.length - 1;
    this.when.textContent =
      this.at === null ? this.unit : clock(this.track.t[at]);
    const told = lines.map((line) => [line.name, this.say(line.values[at]), line.hue, line.dash]);
    fill(this.legend, told, () =>
      told.map(([name, value, tone, dash]) => {
        const rule = svg("line", {
          x1: 0, x2: 13, y1: 4, y2: 4, stroke: stroke(tone), "stroke-width": 2.5,
          "stroke-dasharray": dash ? "4 3" : "none",
        });
        const sign = svg("svg", { viewBox: "0 0 13 8", "aria-hidden": "true" }, rule);
        return make("span", {}, sign, `${name} `, make("b", {}, value));
      }),
    );
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const stroke = (tone) => `hsl(${tone} ${dark.matches ? "75% 66%" : "68% 42%"})`;
