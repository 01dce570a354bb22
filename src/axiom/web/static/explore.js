// Lets a reader explore the figures of a page: read the numbers at a place, and choose which lines are shown.
// Everything is made from the drawing and the table under it; without this file both stand as they are.
// A drawing says in data-frame where its x axis lies: left, top, width and height in its pixels, then the values of
// both ends and "log" where it is logarithmic. The first column of the table is x; with data-by the second names lines.
"use strict";
for (const plate of document.querySelectorAll("figure.plate")) {
  const drawings = [...plate.querySelectorAll("svg[data-frame]")], table = plate.querySelector("table");
  if (drawings.length && table) explore(plate, drawings, table);
}

function explore(plate, drawings, table) {
  const cells = (row) => [...row.cells].map((cell) => cell.textContent);
  const headings = cells(table.tHead.rows[0]), rows = [...table.tBodies[0].rows].map(cells);
  const hasLines = "by" in plate.dataset, hidden = new Set();
  const levels = [...new Set(rows.map((row) => row[0]))];
  const numbers = levels.map(number), isNumeric = !numbers.some(isNaN);
  const stops = levels.map((level, place) => ({ level, x: isNumeric ? numbers[place] : place }));
  stops.sort((one, other) => one.x - other.x);

  const box = make("div", { className: "explore" });
  plate.querySelector("details").before(box);
  if (hasLines) box.append(choice());
  if (stops.length < 2) return;
  const slider = make("input", { type: "range", max: stops.length - 1, value: stops.length - 1 });
  const label = make("label", { textContent: "Read the numbers along the picture" });
  const said = make("output", { textContent: "Point at the picture, or move the slider with the arrow keys." });
  label.append(slider);
  box.append(label, said);
  const marks = drawings.map((drawing) => {
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
    mark.setAttribute("stroke", "var(--link)");
    drawing.append(mark);
    return mark;
  });
  slider.addEventListener("input", show);
  for (const drawing of drawings) {
    for (const kind of ["pointermove", "pointerdown"]) drawing.addEventListener(kind, (event) => point(drawing, event));
  }
  slider.setAttribute("aria-valuetext", stops[slider.value].level);

  function choice() {
    const group = make("fieldset", {});
    group.append(make("legend", { textContent: `Lines shown, by ${headings[1]}` }));
    for (const name of new Set(rows.map((row) => row[1]))) {
      const parts = drawings.flatMap((drawing) =>
        [...drawing.querySelectorAll("[data-s]")].filter((part) => part.dataset.s === name));
      if (!parts.length) continue;
      const tick = make("input", { type: "checkbox", checked: true }), label = make("label", {});
      label.append(tick, ` ${name}`);
      group.append(label);
      tick.addEventListener("change", () => {
        for (const part of parts) part.style.display = tick.checked ? "" : "none";
        if (tick.checked) hidden.delete(name); else hidden.add(name);
        if (marks[0].hasAttribute("d")) show();
      });
    }
    return group;
  }

  function frame(drawing) {
    const [left, top, width, height, low, high, log] = drawing.dataset.frame.split(" ");
    const turn = log ? Math.log : Number;
    const place = (x) => +left + width * (turn(x) - turn(low)) / (turn(high) - turn(low));
    return { top, height, place };
  }

  function point(drawing, event) {
    const box = drawing.getBoundingClientRect(), { place } = frame(drawing);
    const at = (event.clientX - box.left) * drawing.viewBox.baseVal.width / box.width;
    const far = stops.map((stop) => Math.abs(place(stop.x) - at));
    slider.value = far.indexOf(Math.min(...far));
    show();
  }

  function show() {
    const stop = stops[slider.value];
    const there = rows.filter((row) => row[0] === stop.level && !(hasLines && hidden.has(row[1])));
    const skip = hasLines ? 2 : 1;
    const lines = there.map((row) => (hasLines ? `${headings[1]} ${row[1]}: ` : "")
      + row.slice(skip).map((cell, place) => `${headings[place + skip]} ${cell}`).join(", "));
    said.textContent = [`${headings[0]}: ${stop.level}`, ...lines].join("\n");
    slider.setAttribute("aria-valuetext", stop.level);
    drawings.forEach((drawing, number) => {
      const { top, height, place } = frame(drawing);
      marks[number].setAttribute("d", `M${place(stop.x)} ${top}v${height}`);
    });
  }
}

function make(name, fields) {
  return Object.assign(document.createElement(name), fields);
}

function number(text) {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(text) / 864e5;
  return text === "" ? NaN : Number(text.replaceAll(",", "").replaceAll("−", "-"));
}
