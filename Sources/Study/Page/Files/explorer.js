"use strict";

// What surrounds the map: the selected image beside its reconstruction, sliders for the code, classes.

const neighboursMixed = 6;
const mostSliders = 16;

class Explorer {
  constructor(root, data, atlas) {
    this.root = root;
    this.atlas = atlas;
    this.data = {
      ...data,
      labels: data.labels && unpack(data.labels, "u8"),
      maps: data.maps.map((map) => ({
        ...map, points: unpack(map.points, "f32"), faint: map.faint && unpack(map.faint, "u8"),
      })),
    };
    this.decoders = data.decoders.map(makeDecoder);
    this.canvas = this.find("canvas.map");
    this.map = new LatentMap(this.canvas, this.data, atlas);
    this.buildChoices();
    this.listen();
    this.choose(0);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  get decoder() {
    return this.decoders[this.current.decoder];
  }

  // Maps and classes

  buildChoices() {
    const maps = this.find(".maps");
    this.data.maps.forEach((map, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = map.name;
      button.addEventListener("click", () => this.choose(index));
      maps.append(button);
    });
    const classes = this.find(".classes");
    if (!this.data.labels) return classes.remove();
    this.data.classes.forEach((name, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.style.setProperty("--light", this.data.palette.light[index % 10]);
      button.style.setProperty("--dark", this.data.palette.dark[index % 10]);
      button.addEventListener("click", () => this.toggle(index));
      classes.append(button);
    });
    const all = document.createElement("button");
    all.type = "button";
    all.className = "all";
    all.textContent = "all";
    all.addEventListener("click", () => this.show(() => true));
    classes.append(all);
    this.show(() => true);
  }

  /** One click shows a class alone, further ones add classes or take them away. */
  toggle(index) {
    const { shown } = this.map;
    if (shown.every(Boolean)) return this.show((other) => other === index);
    shown[index] = !shown[index];
    this.show(shown.some(Boolean) ? (other) => shown[other] : () => true);
  }

  show(isShown) {
    this.map.shown = this.data.classes.map((_, index) => isShown(index));
    const buttons = this.root.querySelectorAll(".classes button:not(.all)");
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", this.map.shown[index]));
    this.map.draw();
  }

  choose(index) {
    this.current = this.data.maps[index];
    this.root.querySelectorAll(".maps button").forEach((button, place) => {
      button.setAttribute("aria-pressed", place === index);
    });
    this.find(".about").textContent = this.current.about;
    this.looked = null;
    this.map.cursor = null;
    this.map.choose(this.current);
    this.buildSliders();
    this.select(0);
  }

  // Looking

  /** Shows an image of the data beside what the decoder makes of its code. */
  select(index) {
    const { decoder } = this;
    this.selected = index;
    this.code = decoder.codes.slice(index * decoder.latent, (index + 1) * decoder.latent);
    this.map.cursor = [this.current.points[2 * index], this.current.points[2 * index + 1]];
    this.paintSeen(index);
    this.paintMade();
    this.tell(index, "its reconstruction");
    this.moveSliders();
    this.map.schedule();
  }

  /** Shows what is under the pointer, and leaves the ring in place. */
  hover(index) {
    const { decoder } = this;
    this.paintSeen(index);
    this.paint(
      ".made", decoder.decode(decoder.codes.slice(index * decoder.latent, (index + 1) * decoder.latent)));
    this.tell(index, "its reconstruction");
  }

  /** Decodes a point of the map. */
  decodeAt(x, y) {
    const { decoder, current } = this;
    const near = this.map.nearest(x, y, neighboursMixed);
    if (!near.length) return;
    this.map.cursor = [x, y];
    if (current.inverse) {
      const { origin, axes } = current.inverse;
      this.code = Float32Array.from(origin, (value, i) => value + x * axes[0][i] + y * axes[1][i]);
    } else {
      // If the map has no inverse: the mean of the codes around, weighted by nearness.
      this.code = new Float32Array(decoder.latent);
      const weights = near.map(({ distance }) => 1 / (distance + 1e-6 * this.map.bounds.span ** 2));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      near.forEach(({ index }, place) => {
        for (let i = 0; i < decoder.latent; i++) {
          this.code[i] += (weights[place] / total) * decoder.codes[index * decoder.latent + i];
        }
      });
    }
    this.paintSeen(near[0].index);
    this.paintMade();
    this.tell(near[0].index, "the place, decoded", "nearest image: ");
    this.moveSliders();
    this.map.schedule();
  }

  tell(index, made, before = "") {
    const { data, decoder } = this;
    const label = data.labels ? data.classes[data.labels[index]] + ", " : "";
    this.find(".facts").textContent =
      `${before}${label}test image ${index + 1}, loss ${decoder.losses[index].toPrecision(4)}` +
      (this.current.faint && this.current.faint[index] ? "; the map does not keep its neighbours" : "");
    this.find(".made-name").textContent = made;
  }

  paintSeen(index) {
    const { width, height } = this.data.image;
    const canvas = this.find(".seen");
    [canvas.width, canvas.height] = [width, height];
    const [column, row] = [index % this.data.columns, Math.floor(index / this.data.columns)];
    canvas.getContext("2d").drawImage(
      this.atlas, column * width, row * height, width, height, 0, 0, width, height);
  }

  paintMade() {
    this.paint(".made", this.decoder.decode(this.code));
  }

  paint(selector, values) {
    const { width, height, channels } = this.data.image;
    const canvas = this.find(selector);
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(width, height);
    const size = width * height;
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < 3; c++) {
        pixels.data[4 * i + c] = Math.round(255 * values[channels === 3 ? c * size + i : i]);
      }
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
  }

  // Sliders

  buildSliders() {
    const { decoder } = this;
    const box = this.find(".sliders");
    box.replaceChildren();
    const count = decoder.codes.length / decoder.latent;
    this.sliders = [];
    for (let i = 0; i < Math.min(decoder.latent, mostSliders); i++) {
      let [least, most] = [Infinity, -Infinity];
      for (let n = 0; n < count; n++) {
        least = Math.min(least, decoder.codes[n * decoder.latent + i]);
        most = Math.max(most, decoder.codes[n * decoder.latent + i]);
      }
      const slider = document.createElement("input");
      slider.type = "range";
      [slider.min, slider.max, slider.step] = [least, most, "any"];
      slider.setAttribute("aria-label", `number ${i + 1} of the code`);
      slider.addEventListener("input", () => this.slide(i, Number(slider.value)));
      const label = document.createElement("label");
      label.append(`z${i + 1}`, slider);
      box.append(label);
      this.sliders.push(slider);
    }
  }

  moveSliders() {
    this.sliders.forEach((slider, i) => (slider.value = this.code[i]));
  }

  slide(i, value) {
    this.code[i] = value;
    this.paintMade();
    this.find(".made-name").textContent = "the code, decoded";
    const { inverse } = this.current;
    if (inverse && inverse.isWhole) {
      this.map.cursor = [this.code[0], this.code[1]];
      this.map.schedule();
    }
  }

  // Pointer, wheel and keys

  listen() {
    const { canvas, map } = this;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const fingers = new Map();
    let moved = 0;
    let onRing = false;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, place(event));
      moved = 0;
      onRing = fingers.size === 1 && map.isOnCursor(...place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      const before = fingers.get(event.pointerId);
      if (!before) return this.look(x, y);
      const [dx, dy] = [x - before[0], y - before[1]];
      moved += Math.hypot(dx, dy);
      if (onRing) {
        this.decodeAt(...map.toMap(x, y));
      } else if (fingers.size === 2) {
        const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        const spread = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]) || 1;
        map.zoomAt(spread([x, y]) / spread(before), (x + other[0]) / 2, (y + other[1]) / 2);
      } else if (moved > 3) {
        map.pan(dx, dy);
      }
      fingers.set(event.pointerId, [x, y]);
    });
    const lift = (event) => {
      const isClick = fingers.size === 1 && moved <= 3 && event.type === "pointerup";
      fingers.delete(event.pointerId);
      if (isClick && !onRing) this.press(...place(event));
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener(
      "wheel",
      (event) => {
        // The page scrolls unless the map is in use, so that it does not trap the user.
        if (document.activeElement !== canvas && !event.ctrlKey) return;
        event.preventDefault();
        map.zoomAt(Math.exp(-event.deltaY * 0.0015), ...place(event));
      },
      { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const [selector, factor] of [[".closer", 1.5], [".wider", 1 / 1.5]]) {
      this.find(selector).addEventListener("click", () => this.zoom(factor));
    }
    this.find(".whole").addEventListener("click", () => map.reset());
  }

  zoom(factor) {
    this.map.zoomAt(factor, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
  }

  /** The point whose image is drawn at a position, if any. */
  under(x, y) {
    const [near] = this.map.nearest(...this.map.toMap(x, y), 1);
    const reach = (0.75 * this.map.side) / this.map.scale;
    return near && near.distance <= reach * reach ? near.index : null;
  }

  look(x, y) {
    const index = this.under(x, y);
    if (index === null || index === this.looked) return;
    this.looked = index;
    this.hover(index);
  }

  press(x, y) {
    const index = this.under(x, y);
    if (index === null || this.current.inverse) return this.decodeAt(...this.map.toMap(x, y));
    this.select(index);
  }

  key(event) {
    const step = event.shiftKey ? 64 : 16;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const { map } = this;
    if (moves[event.key]) {
      // The ring moves; the map follows it.
      const [x, y] = map.toScreen(...map.cursor).map((value) => value / map.ratio);
      const [dx, dy] = moves[event.key];
      this.decodeAt(...map.toMap(x + dx, y + dy));
      map.centre = [...map.cursor];
      map.schedule();
    } else if (event.key === "+" || event.key === "=") {
      this.zoom(1.5);
    } else if (event.key === "-") {
      this.zoom(1 / 1.5);
    } else if (event.key === "0") {
      map.reset();
    } else if (event.key === "Enter") {
      const [near] = map.nearest(...map.cursor, 1);
      if (near) this.select(near.index);
    } else {
      return;
    }
    event.preventDefault();
  }
}
